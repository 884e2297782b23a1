//! Flags, variables and the configuration file to one checked value. Flags win over variables, these
//! over the file, key by key; the reference agent's variables mean here what they mean there, except
//! that nonsense in one is an error.

mod listen;
mod secret;
mod sources;
mod variables;
mod whence;

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf, time::Duration};

use subjiffy_collectl::options::Options;
use subjiffy_proto::control::Element;

use crate::{
    answers::Lifetimes,
    cli::AgentArgs,
    config::{ConfigFile, ElementSettings, Page},
    elements::{Elements, State},
    hardware,
    serve::{Limits, Origin},
    tls,
};

pub use listen::Listen;
pub use secret::{Secret, TokenSource};
use sources::Sources;
use variables::Variables;
pub use whence::{Told, Whence};

/// The sampling period that nobody chose.
const PERIOD: Duration = Duration::from_secs(1);

/// Everything the agent is told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The sampling period.
    pub period: Duration,
    /// What the file says about elements; nothing about the sampling period.
    pub elements: BTreeMap<Element, ElementSettings>,
    /// Outputs in collectl's formats.
    pub collectl: BTreeMap<Element, Options>,
    /// Where the control socket is to be, if somebody said it.
    pub control: Option<PathBuf>,
    /// The name or number of a group that may use it.
    pub control_group: Option<Told<String>>,
    /// Whether there is to be no control socket.
    pub no_control: bool,
    /// Where clients connect.
    pub listen: Listen,
    /// Which certificate, if they must speak TLS.
    pub tls: Option<Tls>,
    /// The secret they must know.
    pub token: TokenSource,
    /// Web pages that may connect besides those of this host.
    pub origins: Vec<Origin>,
    /// Whether all web pages may.
    pub all_origins: bool,
    /// How many clients there may be, and what each may use.
    pub limits: Limits,
    /// Threads that serve clients.
    pub workers: usize,
    /// For how long answers are given again.
    pub lifetimes: Lifetimes,
    /// What hardware is asked.
    pub hardware: hardware::Settings,
    /// Whether BPF may be used.
    pub bpf: bool,
}

/// Which certificate to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// The user's own.
    Own {
        /// File of the certificate and its chain.
        certificate: Told<PathBuf>,
        /// File of its key.
        key: Told<PathBuf>,
    },
    /// A self-signed one.
    Kept {
        /// Where it is kept.
        directory: PathBuf,
        /// Names to put in besides the usual ones, separated by commas.
        extra_names: String,
    },
}

impl Settings {
    /// What `args`, the environment, read through `variable`, and the configuration file say
    /// together.
    ///
    /// # Errors
    /// Which flag, variable or line of the file makes no sense, and what would.
    pub fn new(
        args: &AgentArgs,
        file: Option<&ConfigFile>,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, String> {
        let sources = Sources {
            args,
            variables: Variables::new(variable),
            file,
        };
        let variables = &sources.variables;
        let tls = tls(&sources)?;
        let token = sources.token()?;
        let (listen, whence) = listen::listen(&sources, tls.is_some())?;
        let insecure = args.insecure || sources.file(|c| &c.insecure).is_some_and(|said| *said);
        if listen.is_exposed() && matches!(token, TokenSource::None) && !insecure {
            return Err(format!(
                "{whence}: {listen} can be reached by others and nothing would protect it: listen \
                 on 127.0.0.1, or set a token (--token-file, SUBJIFFY_TOKEN), or say --insecure if \
                 the network is safe"
            ));
        }
        let pages = sources.pages()?;
        Ok(Self {
            period: sources.period(),
            elements: file.map_or_else(BTreeMap::new, |file| file.config.elements.clone()),
            collectl: sources.collectl()?,
            control: sources.control(),
            control_group: sources.control_group(),
            no_control: args.no_control,
            listen,
            tls,
            token,
            all_origins: pages.contains(&Page::Any),
            origins: pages.into_iter().filter_map(Page::origin).collect(),
            limits: sources.limits(),
            workers: variables.workers()?,
            lifetimes: Lifetimes::from_variables(|name| variables.lossy(name))?,
            hardware: hardware::Settings {
                gpus: variables.switch("SOCKTOP_AGENT_GPU", true)?,
                temperatures: variables.switch("SOCKTOP_AGENT_TEMP", true)?,
            },
            bpf: !args.no_bpf && sources.file(|c| &c.bpf).is_none_or(|said| *said),
        })
    }

    /// Gives elements the states and periods that they start with.
    pub fn apply(&self, elements: &Elements) {
        for (name, said) in &self.elements {
            let Some(entry) = elements.get(name) else {
                continue;
            };
            if let Some(period) = &said.period {
                entry.set_period(period.value);
            }
            if said.enabled.as_ref().is_some_and(|enabled| !enabled.value) {
                entry.change(&[State::Running], State::Paused);
            }
        }
    }

    /// What is allowed and still worth a word.
    #[must_use]
    pub fn warnings(&self) -> Vec<&'static str> {
        let exposed = self.listen.is_exposed();
        let token = !matches!(self.token, TokenSource::None);
        let warnings = [
            (
                exposed && !token,
                "everybody who reaches this address can read all numbers: there is no token",
            ),
            (
                exposed && token && self.tls.is_none(),
                "without --tls the token and all numbers travel in clear",
            ),
            (
                self.all_origins && !token,
                "every web page that a user of this host opens can read all numbers: \
                 --allow-origin * without a token",
            ),
        ];
        let said = warnings.into_iter().filter(|(applies, _)| *applies);
        said.map(|(_, warning)| warning).collect()
    }
}

fn tls(sources: &Sources<'_>) -> Result<Option<Tls>, String> {
    let (args, variables) = (sources.args, &sources.variables);
    if let (Some(certificate), Some(key)) = (&args.tls_cert, &args.tls_key) {
        return Ok(Some(Tls::Own {
            certificate: Told::flag(certificate, "--tls-cert"),
            key: Told::flag(key, "--tls-key"),
        }));
    }
    let own = sources.own_pair();
    let of_file = sources.file(|c| &c.tls).copied();
    let default = of_file.unwrap_or(own.is_some());
    if !args.tls && !variables.switch("SOCKTOP_ENABLE_SSL", default)? {
        return Ok(None);
    }
    if own.is_some() {
        return Ok(own);
    }
    Ok(Some(Tls::Kept {
        directory: tls::directory(|name| variables.raw(name)),
        extra_names: variables
            .text("SOCKTOP_AGENT_EXTRA_SANS")?
            .unwrap_or_default(),
    }))
}

#[cfg(test)]
mod tests;
