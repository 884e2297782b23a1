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
        match options(&switches.value) {
            Ok(value) => {
                let place = switches.place;
                self.collectl.insert(element, At { value, place });
            }
            Err(error) => to.wrong(&switches.place, error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements::catalog::KNOWN;
    use std::time::Duration;

    fn problems(text: &str) -> Vec<String> {
        let problems = Config::parse(text, KNOWN).expect_err(text);
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_output_has_a_name_of_its_own_and_checked_switches() {
        let text = "[\"output/collectl/lan\"]\nswitches = \"-scm -i2 -A server\"\nenabled = false\nperiod = \"5s\"";
        let config = Config::parse(text, KNOWN).unwrap();
        let name = element("lan");
        let said = &config.collectl[&name];
        assert_eq!(
            (said.place.line, said.value.intervals.main),
            (2, Duration::from_secs(2))
        );
        assert!(!config.enabled(&name));
        assert_eq!(config.period_of(&name), Some(Duration::from_secs(5)));
        let other = Config::parse(&text.replace("-scm", "-sc"), KNOWN).unwrap();
        assert_eq!(other.restart(&config), ["switches of output/collectl/..."]);
        assert!(config.restart(&config).is_empty());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, says) in [
            ("[\"output/collectl/\"]", "1: \"output/collectl/\": behind"),
            ("[\"output/collectl/a b\"]", "behind"),
            ("[\"output/collectl/a\"]", "switches are missing"),
            (
                "[\"output/collectl/a\"]\nswitches = 1",
                "2: \"output/collectl/a\".switches: 1 is wrong",
            ),
            (
                "[\"output/collectl/a\"]\nswitches = \"-A server -s?\"",
                "-s",
            ),
            (
                "[\"output/collectl/a\"]\nswitches = \"-A server -c1\"",
                "-c",
            ),
            (
                "[\"output/collectl/a\"]\nswitch = \"-A server\"",
                "did you mean",
            ),
        ] {
            let told = problems(text);
            assert!(
                told.iter().any(|one| one.contains(says)),
                "{text}: {told:?}"
            );
        }
    }
}
