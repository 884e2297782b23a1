//! What a line says.

use std::{fmt, time::Duration};

use thiserror::Error;

use super::{
    element::Kind,
    pattern::{Pattern, PatternError},
    period::{self, Period, PeriodError},
};

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Ends the agent in an orderly way.
    Shutdown,
    /// Does something to elements.
    Control {
        /// Which ones.
        pattern: Pattern,
        /// What.
        action: Action,
    },
    /// Names of elements.
    List(Pattern),
    /// How elements are.
    Status {
        /// Which ones.
        pattern: Pattern,
        /// As one JSON object instead of words.
        json: bool,
    },
    /// Reads the configuration file again.
    Reload,
    /// What can be said.
    Help,
    /// Which agent this is.
    Version,
}

/// What is done to an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Stops it until it is resumed.
    Pause,
    /// Lets it go on.
    Resume,
    /// Ends it for good.
    Stop,
    /// Polls it now.
    Trigger {
        /// Answers when the sample is there.
        wait: bool,
    },
    /// Gives it another period.
    SetPeriod {
        /// The new one.
        period: Period,
        /// After so long it gets the old one again.
        back_after: Option<Duration>,
    },
    /// Tells its period.
    GetPeriod,
}

/// Why a line is not understood.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LineError {
    /// The bytes.
    #[error("not UTF-8 at byte {0}")]
    Encoding(usize),
    /// The first word.
    #[error(
        "unknown command {0:?}; the commands are control, list, status, reload, shutdown, stop, \
         help and version"
    )]
    Command(String),
    /// `control` alone.
    #[error("control needs a pattern, for example source/ebpf/sched, and an action")]
    NoPattern,
    /// `control` and a pattern.
    #[error("missing action after {0}; {ACTIONS}")]
    NoAction(Pattern),
    /// A word in the place of an action.
    #[error("unknown action {0:?}; {ACTIONS}")]
    Action(String),
    /// Too many words.
    #[error("{word:?} after {after} is too much")]
    Extra {
        /// The first word too many.
        word: String,
        /// What is complete without it.
        after: &'static str,
    },
    /// The action does not go with the kind.
    #[error("{action} can only be applied to {to}, and {pattern} is not restricted to them")]
    Kind {
        /// The action.
        action: &'static str,
        /// To what it applies.
        to: &'static str,
        /// What was meant.
        pattern: Pattern,
    },
    /// Not a pattern.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// Not a period.
    #[error(transparent)]
    Period(#[from] PeriodError),
}

const ACTIONS: &str = "the actions are pause (disable), resume (enable), stop, trigger-now [wait], \
                       set-period (set-poll-interval) DURATION [for DURATION] and get-period";

/// Reads one line, with or without its end. `None` if there is nothing in it, or a comment (`#`).
///
/// # Errors
/// [`LineError`]: what is wrong and what would be right.
pub fn parse(line: &[u8]) -> Result<Option<Command>, LineError> {
    let text =
        std::str::from_utf8(line).map_err(|error| LineError::Encoding(error.valid_up_to()))?;
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let Some((&first, rest)) = words.split_first() else {
        return Ok(None);
    };
    if first.starts_with('#') {
        return Ok(None);
    }
    let command = match first {
        // What follows is ignored, as Alumet does.
        "shutdown" | "stop" => Command::Shutdown,
        "control" => control(rest)?,
        "list" => Command::List(optional(rest, "list PATTERN")?),
        "status" => match rest.split_first() {
            Some((&"json", rest)) => Command::Status {
                pattern: optional(rest, "status json PATTERN")?,
                json: true,
            },
            _ => Command::Status {
                pattern: optional(rest, "status PATTERN")?,
                json: false,
            },
        },
        "reload" => alone(Command::Reload, rest, "reload")?,
        "help" => alone(Command::Help, rest, "help")?,
        "version" => alone(Command::Version, rest, "version")?,
        other => return Err(LineError::Command(other.to_owned())),
    };
    Ok(Some(command))
}

fn optional(words: &[&str], whole: &'static str) -> Result<Pattern, LineError> {
    match words {
        [] => Ok(Pattern::ALL),
        [pattern, rest @ ..] => alone(Pattern::parse(pattern)?, rest, whole),
    }
}

fn alone<T>(value: T, rest: &[&str], after: &'static str) -> Result<T, LineError> {
    match rest.first() {
        None => Ok(value),
        Some(&word) => Err(LineError::Extra {
            word: word.to_owned(),
            after,
        }),
    }
}

fn control(words: &[&str]) -> Result<Command, LineError> {
    let [pattern, rest @ ..] = words else {
        return Err(LineError::NoPattern);
    };
    let pattern = Pattern::parse(pattern)?;
    let [action, rest @ ..] = rest else {
        return Err(LineError::NoAction(pattern));
    };
    let action = match *action {
        "pause" | "disable" => alone(Action::Pause, rest, "pause")?,
        "resume" | "enable" => alone(Action::Resume, rest, "resume")?,
        "stop" => alone(Action::Stop, rest, "stop")?,
        "get-period" => alone(Action::GetPeriod, rest, "get-period")?,
        "trigger-now" => match rest {
            ["wait", rest @ ..] => alone(Action::Trigger { wait: true }, rest, "trigger-now wait")?,
            _ => alone(Action::Trigger { wait: false }, rest, "trigger-now")?,
        },
        "set-period" | "set-poll-interval" => set_period(rest)?,
        other => return Err(LineError::Action(other.to_owned())),
    };
    action.allowed(&pattern)?;
    Ok(Command::Control { pattern, action })
}

fn set_period(words: &[&str]) -> Result<Action, LineError> {
    let place = words.iter().position(|&word| word == "for");
    let (period, back) = words.split_at(place.unwrap_or(words.len()));
    let back_after = match back {
        [] => None,
        [_, back @ ..] => Some(period::parse(back)?),
    };
    Ok(Action::SetPeriod {
        period: Period::parse(period)?,
        back_after,
    })
}

impl Action {
    /// Whether every element that a pattern may mean can do it.
    fn allowed(self, pattern: &Pattern) -> Result<(), LineError> {
        let (to, kinds): (_, &[Kind]) = match self {
            Self::Pause | Self::Resume => return Ok(()),
            // Alumet's outputs have no periods; of ours, some do.
            Self::Stop | Self::SetPeriod { .. } | Self::GetPeriod => {
                ("sources and outputs", &[Kind::Source, Kind::Output])
            }
            Self::Trigger { .. } => ("sources", &[Kind::Source]),
        };
        if pattern.kind.is_some_and(|kind| kinds.contains(&kind)) {
            return Ok(());
        }
        Err(LineError::Kind {
            action: self.name(),
            to,
            pattern: pattern.clone(),
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Stop => "stop",
            Self::Trigger { .. } => "trigger-now",
            Self::SetPeriod { .. } => "set-period",
            Self::GetPeriod => "get-period",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::Trigger { wait: true } => f.write_str(" wait"),
            Self::SetPeriod { period, back_after } => {
                write!(f, " {period}")?;
                match back_after {
                    Some(after) => write!(f, " for {}", period::word(*after)),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shutdown => f.write_str("shutdown"),
            Self::Control { pattern, action } => write!(f, "control {pattern} {action}"),
            Self::List(pattern) => write!(f, "list {pattern}"),
            Self::Status {
                pattern,
                json: false,
            } => write!(f, "status {pattern}"),
            Self::Status {
                pattern,
                json: true,
            } => write!(f, "status json {pattern}"),
            Self::Reload => f.write_str("reload"),
            Self::Help => f.write_str("help"),
            Self::Version => f.write_str("version"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pattern::Text;
    use super::*;
    use proptest::prelude::*;

    fn command(line: &str) -> Result<Option<Command>, LineError> {
        parse(line.as_bytes())
    }

    fn printed(line: &str) -> String {
        command(line).unwrap().unwrap().to_string()
    }

    #[test]
    fn lines_of_alumet_mean_what_they_mean_there() {
        for (line, meaning) in [
            ("shutdown", "shutdown"),
            ("stop now, please\n", "shutdown"),
            (
                "control source/procfs/memory pause\r\n",
                "control source/procfs/memory pause",
            ),
            ("  control   source   resume  ", "control source resume"),
            ("control all enable", "control * resume"),
            ("control * disable", "control * pause"),
            ("control out/*/* stop", "control output stop"),
            (
                "control src set-poll-interval 1m30s",
                "control source set-period 1m30s",
            ),
            (
                "control sources/proc*/*ory trigger-now",
                "control source/proc*/*ory trigger-now",
            ),
        ] {
            assert_eq!(printed(line), meaning, "{line}");
        }
    }

    #[test]
    fn what_alumet_lacks_is_there() {
        for (line, meaning) in [
            ("list", "list *"),
            ("list source/ebpf/*", "list source/ebpf/*"),
            ("status", "status *"),
            ("status json out", "status json output"),
            (
                "control source set-period 1h for 1h 30m",
                "control source set-period 1h for 1h30m",
            ),
            (
                "control source/ebpf/sched trigger-now wait",
                "control source/ebpf/sched trigger-now wait",
            ),
            ("control source get-period", "control source get-period"),
            ("reload", "reload"),
        ] {
            assert_eq!(printed(line), meaning, "{line}");
        }
        for nothing in ["", "  \r\n", "# a comment", "#"] {
            assert_eq!(command(nothing), Ok(None), "{nothing:?}");
        }
    }

    #[test]
    fn errors_say_what_is_wrong_and_what_would_be_right() {
        for (line, says) in [
            (
                "Shutdown",
                "unknown command \"Shutdown\"; the commands are control",
            ),
            ("control", "control needs a pattern"),
            (
                "control source",
                "missing action after source; the actions are pause",
            ),
            ("control source/procfs pause", "two parts"),
            ("control a/b/c pause", "\"a\" is no kind"),
            ("control source/*m*/x pause", "one * may stand"),
            (
                "control source dance",
                "unknown action \"dance\"; the actions",
            ),
            (
                "control transform stop",
                "stop can only be applied to sources and outputs",
            ),
            (
                "control * stop",
                "stop can only be applied to sources and outputs",
            ),
            (
                "control out trigger-now",
                "trigger-now can only be applied to sources",
            ),
            (
                "control * set-period 1s",
                "set-period can only be applied to sources",
            ),
            ("control source set-period", "a duration is missing"),
            ("control source set-period for 1s", "a duration is missing"),
            ("control source set-period 1s for", "a duration is missing"),
            ("control source set-period 5", "is no duration"),
            ("control source set-period 0s", "between 1ms and 1h"),
            ("control source set-period -1s", "is no duration"),
            (
                "control source pause now",
                "\"now\" after pause is too much",
            ),
            ("list source source", "after list PATTERN is too much"),
            ("help me", "\"me\" after help"),
        ] {
            let error = command(line).unwrap_err().to_string();
            assert!(error.contains(says), "{line}: {error}");
            assert!(!error.contains('\n'), "{error}");
        }
        assert_eq!(parse(b"list \xff"), Err(LineError::Encoding(5)));
    }

    fn text() -> impl Strategy<Value = Text> {
        prop_oneof![
            Just(Text::Any),
            "[a-z0-9-]{1,8}".prop_map(Text::Begins),
            "[a-z0-9-]{1,8}".prop_map(Text::Ends),
            "[a-z0-9-]{1,8}".prop_map(Text::Is),
        ]
    }

    fn pattern(kinds: &'static [Option<Kind>]) -> impl Strategy<Value = Pattern> {
        (prop::sample::select(kinds), text(), text()).prop_map(|(kind, plugin, element)| Pattern {
            kind,
            plugin,
            element,
        })
    }

    const ALL: &[Option<Kind>] = &[
        None,
        Some(Kind::Source),
        Some(Kind::Transform),
        Some(Kind::Output),
    ];

    fn any_command() -> impl Strategy<Value = Command> {
        let period = (1_u64..=3_600_000).prop_map(Duration::from_millis);
        let back = prop::option::of((0_u64..1 << 50).prop_map(Duration::from_nanos));
        let set = (period, back).prop_map(|(period, back_after)| Action::SetPeriod {
            period: Period::new(period).unwrap(),
            back_after,
        });
        let of_source = prop_oneof![
            set,
            any::<bool>().prop_map(|wait| Action::Trigger { wait }),
            Just(Action::GetPeriod),
            Just(Action::Stop),
        ];
        let of_all = prop_oneof![Just(Action::Pause), Just(Action::Resume)];
        let control = |(pattern, action)| Command::Control { pattern, action };
        prop_oneof![
            (pattern(&ALL[1..2]), of_source).prop_map(control),
            (pattern(ALL), of_all).prop_map(control),
            pattern(ALL).prop_map(Command::List),
            (pattern(ALL), any::<bool>())
                .prop_map(|(pattern, json)| Command::Status { pattern, json }),
            Just(Command::Shutdown),
            Just(Command::Reload),
            Just(Command::Help),
            Just(Command::Version),
        ]
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(command in any_command()) {
            let line = command.to_string();
            prop_assert_eq!(parse(line.as_bytes()), Ok(Some(command)), "{}", line);
        }

        #[test]
        fn no_bytes_panic(line: Vec<u8>, words in prop::collection::vec(prop_oneof![
            Just("control".to_owned()), Just("source".to_owned()), Just("set-period".to_owned()),
            Just("for".to_owned()), Just("status".to_owned()), "[ -~]{0,6}",
        ], 0..6)) {
            let _ = parse(&line);
            let _ = command(&words.join(" "));
        }
    }
}
