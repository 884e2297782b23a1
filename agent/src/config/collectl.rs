//! Tables of outputs in collectl's formats.

use super::{
    Config,
    problem::{At, Place},
    values::{Reader, Value},
};
use crate::collectl::{element, options};

/// What their names begin with.
pub(super) const BEGIN: &str = "output/collectl/";

/// Their keys.
const KEYS: [&str; 3] = ["enabled", "period", "switches"];

impl Config {
    pub(super) fn read_collectl(
        &mut self,
        to: &mut Reader<'_>,
        place: &Place,
        name: &str,
        value: &Value<'_>,
    ) {
        if name.is_empty()
            || name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '*')
        {
            let text =
                "behind output/collectl/ there is to be a name of your own, without blanks and *";
            return to.wrong(place, text);
        }
        let Some(table) = to.table(place, value) else {
            return;
        };
        let element = element(name);
        let mut switches = None;
        for (key, value) in table {
            let at = to.place(&place.key, key);
            match &**key.get_ref() {
                "enabled" => self.put_enabled(to, &element, at, value),
                "period" => self.put_period(to, &element, at, value),
                "switches" => {
                    const RIGHT: &str = "collectl's switches, such as \"-scdn -i1 -A server:2655\"";
                    switches = to.text(at, value, RIGHT);
                    if switches.is_none() {
                        return;
                    }
                }
                other => to.unknown(&at, other, &KEYS),
            }
        }
        let Some(switches) = switches else {
            let text =
                "switches are missing; right would be switches = \"-scdn -i1 -A server:2655\"";
            return to.wrong(place, text);
        };
        match options(switches.value.split_whitespace()) {
            Ok(value) => {
                let place = switches.place;
                self.collectl.insert(element, At { value, place });
            }
            Err(error) => to.wrong(&switches.place, error),
        }
    }
}
