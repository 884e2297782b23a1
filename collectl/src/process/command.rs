//! The column of a process's command.

use super::row::Row;
use crate::options::ProcessOptions;

/// As many characters of arguments as are shown when none is named.
const ARGUMENTS: usize = 1000;

/// What `k` takes for a shell that only runs what its arguments say.
const SHELLS: [&str; 4] = ["/bin/sh", "/bin/bash", "/usr/bin/perl", "/bin/python"];

/// Writes a command, a blank and, if they are wanted, its arguments. The first word is never empty.
pub fn write(row: &Row, options: &ProcessOptions, to: &mut String) {
    let (mut first, mut arguments) = parts(row.command.trim_start());
    let width = options.arguments.flatten().map_or(ARGUMENTS, usize::from);
    if let Some((end, _)) = arguments.char_indices().nth(width) {
        arguments = &arguments[..end];
    }
    if options.strip_shells && is_shell(first) {
        let (inner, rest) = parts(without_switch(arguments));
        if !inner.is_empty() {
            (first, arguments) = (inner, rest);
        }
    }
    if options.base_name && first.starts_with('/') {
        first = base_name(first);
    }
    if first.is_empty() {
        name(&row.name, to);
    } else {
        to.push_str(first);
    }
    to.push(' ');
    if options.arguments.is_some() {
        to.push_str(arguments);
    }
}

/// The first word and what follows it.
fn parts(line: &str) -> (&str, &str) {
    let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
    (first, rest.trim_start())
}

fn is_shell(word: &str) -> bool {
    word.starts_with("python") || SHELLS.iter().any(|shell| word.contains(shell))
}

/// Without a switch in front such as `-c`.
fn without_switch(arguments: &str) -> &str {
    match parts(arguments) {
        (switch, rest) if switch.len() > 1 && switch.starts_with('-') && !rest.is_empty() => rest,
        _ => arguments,
    }
}

fn base_name(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    match path.rsplit('/').next() {
        Some("") | None => "/",
        Some(name) => name,
    }
}

/// A command name as one word, without parentheses as in collectl.
pub fn name(name: &str, to: &mut String) {
    let start = to.len();
    let is_shown = |letter: &char| !letter.is_whitespace() && !matches!(letter, '(' | ')');
    to.extend(name.chars().filter(is_shown));
    if to.len() == start {
        to.push('?');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(command: &str, options: &ProcessOptions) -> String {
        let mut row = Row::new(1);
        row.name = "(tmux: server)".to_owned();
        row.command = command.to_owned();
        let mut to = String::new();
        write(&row, options, &mut to);
        to
    }

    fn wide() -> ProcessOptions {
        ProcessOptions {
            arguments: Some(None),
            ..ProcessOptions::default()
        }
    }

    #[test]
    fn commands_are_one_word_unless_arguments_are_wanted() {
        let plain = ProcessOptions::default();
        assert_eq!(shown("/bin/cat a b", &plain), "/bin/cat ");
        assert_eq!(shown("", &plain), "tmux:server ");
        assert_eq!(shown("/bin/cat a  b", &wide()), "/bin/cat a  b");
        assert_eq!(shown("", &wide()), "tmux:server ");
        let short = ProcessOptions {
            arguments: Some(Some(3)),
            ..plain
        };
        assert_eq!(shown("x äöüß", &short), "x äöü");
    }

    #[test]
    fn directories_and_shells_go() {
        let base = ProcessOptions {
            base_name: true,
            ..wide()
        };
        assert_eq!(shown("/usr/sbin/sshd -D", &base), "sshd -D");
        assert_eq!(shown("-bash -D", &base), "-bash -D");
        assert_eq!(shown("/ x", &base), "/ x");
        let strip = ProcessOptions {
            strip_shells: true,
            ..wide()
        };
        assert_eq!(
            shown("/usr/bin/perl -w /usr/bin/collectl -sZ", &strip),
            "/usr/bin/collectl -sZ"
        );
        assert_eq!(shown("python3 a.py", &strip), "a.py ");
        assert_eq!(shown("/bin/bash", &strip), "/bin/bash ");
        assert_eq!(shown("/bin/bash -l", &strip), "-l ");
        assert_eq!(shown("bash x", &strip), "bash x");
        let narrow = ProcessOptions {
            strip_shells: true,
            base_name: true,
            ..ProcessOptions::default()
        };
        assert_eq!(shown("/bin/sh /etc/init.d/x start", &narrow), "x ");
    }
}
