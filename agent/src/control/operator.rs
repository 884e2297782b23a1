//! Does what commands say, to the elements of this agent.

use std::{
    collections::HashMap,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use subjiffy_proto::control::{Action, Command, Element, Pattern, StatusReply, period::word};
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::server::Operator;
use crate::{
    collect::moment::Moment,
    config::SAMPLING,
    elements::{ComingBack, Elements, Entry, State},
    reload::Reloader,
    sampler::{Handle, SHORTEST_JIFFIES},
};

/// What can be said, in one line.
const HELP: &str = "ok control PATTERN pause|disable; control PATTERN resume|enable; \
     control PATTERN stop; control PATTERN trigger-now [wait]; \
     control PATTERN set-period|set-poll-interval DURATION [for DURATION]; \
     control PATTERN get-period; list [PATTERN]; status [json] [PATTERN]; reload; help; version; \
     shutdown|stop. A PATTERN is KIND or KIND/PLUGIN/ELEMENT; KIND is source, transform, output \
     or *, and a * may stand at one end of the others. A DURATION is 1ms to 1h, such as 1m30s";

/// Everything that can be controlled.
#[derive(Debug, Clone)]
pub struct Controller {
    elements: Elements,
    sampler: Handle,
    reloader: Option<Arc<Reloader>>,
    /// Who brings the periods of elements back.
    coming: Arc<Mutex<HashMap<Element, AbortHandle>>>,
    stop: CancellationToken,
}

/// What an action did to one element.
enum Effect {
    Applied,
    /// It was so before.
    Already(&'static str),
    Refused(String),
    /// It worked, and there is more to say.
    AppliedBut(String),
}

impl Controller {
    /// Controls `elements`, of which `sampler` samples; `stop` ends the agent. Without a configuration
    /// file there is no `reloader`.
    #[must_use]
    pub fn new(
        elements: Elements,
        sampler: Handle,
        reloader: Option<Arc<Reloader>>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            elements,
            sampler,
            reloader,
            coming: Arc::default(),
            stop,
        }
    }

    async fn reload(&self) -> Result<String, String> {
        let Some(reloader) = &self.reloader else {
            return Err("error there is no configuration file; start with --config".to_owned());
        };
        match reloader.reload().await {
            Ok(told) => {
                info!("{told}");
                Ok(format!("ok {}", one_line(&told)))
            }
            Err(problems) => Err(format!(
                "error nothing has changed: {}",
                one_line(&problems.replace('\n', "; "))
            )),
        }
    }

    fn find(&self, pattern: &Pattern) -> Result<Vec<Arc<Entry>>, String> {
        let found = self.elements.matching(pattern);
        match found.is_empty() {
            true => Err(format!(
                "error matched=0 no element matches {pattern}; list tells them"
            )),
            false => Ok(found),
        }
    }

    async fn act(&self, pattern: &Pattern, action: Action) -> Result<String, String> {
        let found = self.find(pattern)?;
        if action == Action::GetPeriod {
            return Ok(periods(&found));
        }
        let mut effects: Vec<Effect> = found
            .iter()
            .map(|entry| self.apply(entry, action))
            .collect();
        if effects.iter().any(Effect::is_applied) {
            info!("control {pattern} {action}");
            match action {
                Action::Trigger { wait: true } => self.sampler.poll().await,
                Action::Trigger { wait: false } => self.sampler.poll_soon(),
                Action::Resume => {
                    self.sampler.retune().await;
                    self.sampler.refresh();
                }
                _ => self.sampler.retune().await,
            }
        }
        if action == Action::Resume {
            for (entry, effect) in found.iter().zip(&mut effects) {
                if entry.state() == State::Failed {
                    *effect = Effect::Refused(format!("failed: {}", entry.reason()));
                }
            }
        }
        reply(&found, &effects)
    }

    fn apply(&self, entry: &Arc<Entry>, action: Action) -> Effect {
        match action {
            Action::Pause => pause(entry),
            Action::Resume => resume(entry),
            Action::Stop => stop(entry),
            Action::Trigger { .. } => trigger(entry),
            Action::SetPeriod { period, back_after } => {
                self.set_period(entry, period.get(), back_after)
            }
            Action::GetPeriod => Effect::Applied,
        }
    }

    fn set_period(
        &self,
        entry: &Arc<Entry>,
        period: Duration,
        back_after: Option<Duration>,
    ) -> Effect {
        if matches!(entry.state(), State::Stopped | State::Unsupported) {
            return as_it_is(entry);
        }
        let Some(old) = entry.period() else {
            return Effect::Refused("has no period of its own".to_owned());
        };
        // A second profile on top of one goes back to what was there before both.
        let old = entry.back().map_or(old, |back| back.period);
        entry.set_period(period);
        let back = back_after.and_then(|after| {
            let at = Instant::now().checked_add(after)?;
            Some(ComingBack { period: old, at })
        });
        entry.set_back(back);
        let bring_back = back.map(|back| {
            let coming = self.clone().bring_back(Arc::clone(entry), back);
            tokio::spawn(coming).abort_handle()
        });
        self.replace_back(entry, bring_back);
        let by_jiffies = self.is_of_jiffies(entry) && period < SHORTEST_JIFFIES;
        match by_jiffies {
            true => Effect::AppliedBut(format!(
                "books are kept in jiffies, which allow {} at least",
                word(SHORTEST_JIFFIES)
            )),
            false => Effect::Applied,
        }
    }

    /// Whether samples have this element's period and come from jiffies.
    fn is_of_jiffies(&self, entry: &Entry) -> bool {
        let is_clock = entry.name == SAMPLING || entry.name.element == "processes";
        let sched = self.elements.get(&SAMPLING);
        is_clock && sched.is_none_or(|sched| !sched.is_running())
    }

    /// At most one task an element waits to bring a period back.
    fn replace_back(&self, entry: &Entry, coming: Option<AbortHandle>) {
        let mut all = self.coming.lock().unwrap_or_else(PoisonError::into_inner);
        let before = match coming {
            Some(coming) => all.insert(entry.name.clone(), coming),
            None => all.remove(&entry.name),
        };
        if let Some(before) = before {
            before.abort();
        }
    }

    async fn bring_back(self, entry: Arc<Entry>, back: ComingBack) {
        tokio::time::sleep(back.at.saturating_duration_since(Instant::now())).await;
        if entry.back() == Some(back) {
            entry.set_back(None);
            entry.set_period(back.period);
            info!("{}: back to {}", entry.name, word(back.period));
            self.sampler.retune().await;
        }
    }

    fn status(&self, pattern: &Pattern, json: bool) -> Result<String, String> {
        let now = Instant::now();
        let found = self.find(pattern)?;
        let elements: Vec<_> = found.iter().map(|entry| entry.status(now)).collect();
        if !json {
            let words: Vec<_> = elements.iter().map(ToString::to_string).collect();
            return Ok(format!(
                "ok matched={} {}",
                words.len(),
                one_line(&words.join("; "))
            ));
        }
        let reply = StatusReply {
            at_ns: Moment::now().wall_ns,
            elements,
        };
        let json = serde_json::to_string(&reply).map_err(|error| format!("error {error}"))?;
        Ok(format!("ok {json}"))
    }

    fn list(&self, pattern: &Pattern) -> Result<String, String> {
        let found = self.find(pattern)?;
        let names: Vec<_> = found.iter().map(|entry| entry.name.to_string()).collect();
        Ok(format!("ok matched={} {}", names.len(), names.join(" ")))
    }
}

impl Operator for Controller {
    async fn obey(&self, command: Command) -> String {
        let done = match command {
            Command::Shutdown => {
                info!("control: shutdown");
                self.stop.cancel();
                Ok("ok shutting down".to_owned())
            }
            Command::Control { pattern, action } => self.act(&pattern, action).await,
            Command::List(pattern) => self.list(&pattern),
            Command::Status { pattern, json } => self.status(&pattern, json),
            Command::Reload => self.reload().await,
            Command::Help => Ok(HELP.to_owned()),
            Command::Version => Ok(concat!("ok subjiffy ", env!("CARGO_PKG_VERSION")).to_owned()),
        };
        done.unwrap_or_else(|error| error)
    }
}

impl Effect {
    fn is_applied(&self) -> bool {
        matches!(self, Self::Applied | Self::AppliedBut(_))
    }
}

fn pause(entry: &Entry) -> Effect {
    if entry.change(&[State::Running], State::Paused) {
        return Effect::Applied;
    }
    match entry.state() {
        State::Paused => Effect::Already("paused already"),
        _ => as_it_is(entry),
    }
}

fn resume(entry: &Entry) -> Effect {
    // What has failed is tried again.
    if entry.change(&[State::Paused, State::Failed], State::Running) {
        entry.trigger();
        return Effect::Applied;
    }
    match entry.state() {
        State::Running => Effect::Already("running already"),
        _ => as_it_is(entry),
    }
}

fn stop(entry: &Entry) -> Effect {
    let from = [State::Running, State::Paused, State::Failed];
    if entry.change(&from, State::Stopped) {
        return Effect::Applied;
    }
    match entry.state() {
        State::Stopped => Effect::Already("stopped already"),
        _ => as_it_is(entry),
    }
}

fn trigger(entry: &Entry) -> Effect {
    if !entry.is_running() {
        return as_it_is(entry);
    }
    // What has no period is read with every sample, or when a client asks.
    if entry.period().is_none() && entry.name.plugin != "ebpf" {
        return Effect::Refused("is read when a client asks".to_owned());
    }
    entry.trigger();
    Effect::Applied
}

fn as_it_is(entry: &Entry) -> Effect {
    let reason = entry.reason();
    Effect::Refused(match (entry.state(), reason.as_str()) {
        (State::Stopped, _) => "stopped for good; start the agent again".to_owned(),
        (state, "") => format!("is {}", state.as_str()),
        (state, reason) => format!("is {}: {reason}", state.as_str()),
    })
}

fn periods(found: &[Arc<Entry>]) -> String {
    let mut text = format!("ok matched={}", found.len());
    for entry in found {
        let period = entry.period().map_or_else(|| "-".to_owned(), word);
        let _ = write!(text, " {}={period}", entry.name);
    }
    text
}

/// It worked unless nothing changed and something could not.
fn reply(found: &[Arc<Entry>], effects: &[Effect]) -> Result<String, String> {
    let applied = effects.iter().filter(|one| one.is_applied()).count();
    let refused = effects.iter().any(|one| matches!(one, Effect::Refused(_)));
    let mut notes = Vec::new();
    for (entry, effect) in found.iter().zip(effects) {
        let note = match effect {
            Effect::Applied => continue,
            Effect::Already(note) => note,
            Effect::Refused(note) | Effect::AppliedBut(note) => note.as_str(),
        };
        notes.push(format!("{}: {note}", entry.name));
    }
    let mut text = format!("matched={} applied={applied}", found.len());
    if !notes.is_empty() {
        text = format!("{text} {}", one_line(&notes.join("; ")));
    }
    match applied == 0 && refused {
        true => Err(format!("error {text}")),
        false => Ok(format!("ok {text}")),
    }
}

/// What the system says may have lines of its own.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

#[cfg(test)]
#[path = "operator_tests.rs"]
mod tests;
