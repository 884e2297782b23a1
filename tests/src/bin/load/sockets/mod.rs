//! Operations on sockets, one a step, that count by themselves what they move.

mod calls;
mod failures;
mod files;
mod flags;
mod lives;
mod offload;
mod passed;
mod place;
mod processes;
mod ring;
mod ways;
mod work;

use crate::args::Args;
use crate::steps::{Steps, say};
pub use lives::{after_exec, exec, retransmit, storm, void};
use place::{Kind, Place};
use std::io::{ErrorKind, Result};
use subjiffy_tests::traffic::Step;
use work::Work;

type Op = Box<dyn Fn(&mut Work) -> Result<()>>;

/// Operations with their names.
#[derive(Default)]
struct Table(Vec<(String, Op)>);

impl Table {
    /// An operation on this kind of socket.
    fn add(&mut self, kind: Kind, name: &str, op: impl Fn(&mut Work) -> Result<()> + 'static) {
        let name = format!("{} {name}", kind.name());
        self.0.push((name, Box::new(op)));
    }

    /// An operation that these kinds of sockets have.
    fn each(&mut self, kinds: &[Kind], name: &str, op: fn(&mut Work, Kind) -> Result<()>) {
        for &kind in kinds {
            self.add(kind, name, move |work| op(work, kind));
        }
    }
}

/// Every step is one operation, which prints a `Step`; at the end one more step prints an empty one.
pub fn sockets(args: &mut Args, steps: Steps) -> std::result::Result<(), String> {
    let many = args.optional::<bool>("many")?.unwrap_or(false);
    let only: String = args.or("only", String::new())?;
    let place = place(args)?;
    args.done()?;
    let mut table = Table::default();
    let bytes: &[fn(&mut Table)] = &[
        ways::table,
        flags::table,
        failures::table,
        files::table,
        offload::table,
        ring::table,
        passed::table,
    ];
    let fill = if many {
        &[processes::table as fn(&mut Table)]
    } else {
        bytes
    };
    fill.iter().for_each(|fill| fill(&mut table));
    table.0.retain(|(name, _)| name.contains(&only));
    steps.ready();
    for (name, op) in table.0 {
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

/// Where the ends of connections are.
fn place(args: &mut Args) -> std::result::Result<Place, String> {
    let Some(net) = args.optional::<String>("far-net")? else {
        return Ok(Place::loopback());
    };
    let near: String = args.required("near")?;
    let far: String = args.required("far")?;
    Place::across(&near, &far, &net)
}

fn line(step: &Step) -> String {
    serde_json::to_string(step).expect("numbers and words")
}
