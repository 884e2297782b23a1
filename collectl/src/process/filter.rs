//! Which processes are wanted.

use super::row::Row;
use crate::options::Filter;

/// Whether any of the filters selects a process; none at all select every one. `own` is our own
/// process id: command lines are not looked for in it, as what is looked for is in its own.
pub fn selects(filters: &[Filter], row: &Row, own: u32) -> bool {
    filters.is_empty()
        || filters.iter().any(|filter| match filter {
            Filter::CommandPart(part) => row.name.contains(part.as_str()),
            Filter::CommandStart(start) => row.name.starts_with(start.as_str()),
            Filter::Arguments(part) => row.pid != own && row.command.contains(part.as_str()),
            Filter::Pid(pid) => row.pid == *pid,
            Filter::Parent(pid) => row.ppid == *pid,
            Filter::Uids(first, last) => (*first..=*last).contains(&row.uid),
            Filter::User(name) => *row.user == **name,
        })
}

/// Whether a selected row is shown: by its state, and by whether it did something if that is wanted.
pub fn shows(states: &str, active: bool, row: &Row) -> bool {
    (states.is_empty() || states.contains(row.state)) && (!active || row.is_active())
}

/// Whether command lines decide.
pub fn needs_command(filters: &[Filter]) -> bool {
    let is_one = |filter: &Filter| matches!(filter, Filter::Arguments(_));
    filters.iter().any(is_one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn states_and_activity_hide_rows() {
        let mut row = Row::new(42);
        row.state = 'S';
        for (states, active, shown) in [
            ("", false, true),
            ("RS", false, true),
            ("RD", false, false),
            ("", true, false),
        ] {
            assert_eq!(shows(states, active, &row), shown, "{states} {active}");
        }
        row.time.user_ns = 1;
        assert!(shows("S", true, &row) && !shows("R", true, &row));
    }

    #[test]
    fn each_kind_selects_its_own() {
        let mut row = Row::new(42);
        row.ppid = 7;
        row.uid = 33;
        row.user = Arc::from("www-data");
        row.name = "nginx".to_owned();
        row.command = "nginx: worker process".to_owned();
        let text = str::to_owned;
        for (filter, selected) in [
            (Filter::CommandPart(text("gin")), true),
            (Filter::CommandPart(text("worker")), false),
            (Filter::CommandStart(text("ngi")), true),
            (Filter::CommandStart(text("gin")), false),
            (Filter::Arguments(text(": worker pro")), true),
            (Filter::Arguments(text("master")), false),
            (Filter::Pid(42), true),
            (Filter::Pid(4), false),
            (Filter::Parent(7), true),
            (Filter::Parent(42), false),
            (Filter::Uids(33, 33), true),
            (Filter::Uids(0, 32), false),
            (Filter::Uids(0, 1000), true),
            (Filter::User(text("www-data")), true),
            (Filter::User(text("www")), false),
        ] {
            assert_eq!(
                selects(std::slice::from_ref(&filter), &row, 1),
                selected,
                "{filter:?}"
            );
            let with_other = [Filter::Pid(1), filter];
            assert_eq!(selects(&with_other, &row, 1), selected);
        }
        assert!(selects(&[], &row, 1));
        let ours = [Filter::Arguments(text("nginx"))];
        assert!(!selects(&ours, &row, 42), "our own command line");
    }
}
