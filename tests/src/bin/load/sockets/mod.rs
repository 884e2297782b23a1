//! Operations on sockets, one a step, that count by themselves what they move.

mod calls;
mod place;
mod ways;
mod work;

use crate::args::Args;
use crate::steps::{Steps, say};
use place::Place;
use std::io::{ErrorKind, Result};
use subjiffy_tests::traffic::Step;
use work::Work;

/// Operations with their names.
type Table = Vec<(String, Box<dyn Fn(&mut Work) -> Result<()>>)>;

/// Every step is one operation, which prints a `Step`; at the end one more step prints an empty one.
pub fn sockets(args: &mut Args, steps: Steps) -> std::result::Result<(), String> {
    let only: String = args.or("only", String::new())?;
    let place = match args.optional::<String>("far-net")? {
        Some(net) => {
            let near: String = args.required("near")?;
            let far: String = args.required("far")?;
            Place::across(&near, &far, &net)?
        }
        None => Place::loopback(),
    };
    args.done()?;
    let mut table = ways::table();
    table.retain(|(name, _)| name.contains(&only));
    steps.ready();
    for (name, op) in table {
        let mut work = Work::new(&place);
        let outcome = op(&mut work);
        let error = outcome.err();
        let step = Step {
            op: name,
            moved: work.moved,
            others: work.others,
            split: work.split,
            missing: matches!(&error, Some(e) if e.kind() == ErrorKind::Unsupported),
            failed: error.map(|e| e.to_string()),
            last: false,
        };
        say(&line(&step));
        steps.next();
    }
    let last = Step {
        last: true,
        ..Step::default()
    };
    steps.done(&line(&last));
    Ok(())
}

fn line(step: &Step) -> String {
    serde_json::to_string(step).expect("numbers and words")
}
