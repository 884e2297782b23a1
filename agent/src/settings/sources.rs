//! Flags, variables and the file side by side: the first one that says something counts.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use subjiffy_collectl::options::Options;
use subjiffy_proto::control::Element;

use super::{PERIOD, Tls, TokenSource, Told, Variables, Whence};
use crate::{
    cli::AgentArgs,
    collectl,
    config::{At, Config, ConfigFile, Page},
    serve::Limits,
};

/// Everything that is said.
pub(super) struct Sources<'a> {
    pub(super) args: &'a AgentArgs,
    pub(super) variables: Variables<'a>,
    pub(super) file: Option<&'a ConfigFile>,
}

impl<'a> Sources<'a> {
    /// A value of the file.
    pub(super) fn file<T: 'a>(
        &self,
        get: impl FnOnce(&'a Config) -> &'a Option<At<T>>,
    ) -> Option<&'a T> {
        let at = get(&self.file?.config).as_ref()?;
        Some(&at.value)
    }

    /// The same with its place.
    fn of_file<T: Clone + 'a>(
        &self,
        get: impl FnOnce(&'a Config) -> &'a Option<At<T>>,
    ) -> Option<Told<T>> {
        let file = self.file?;
        let at = get(&file.config).as_ref()?;
        Some(Told {
            value: at.value.clone(),
            whence: Whence::File {
                path: file.path.clone(),
                place: at.place.clone(),
            },
        })
    }

    pub(super) fn period(&self) -> Duration {
        let file = || self.file(|config| &config.period).copied();
        self.args.period.or_else(file).unwrap_or(PERIOD)
    }

    pub(super) fn limits(&self) -> Limits {
        let (args, mut limits) = (self.args, Limits::default());
        let file = self.file(|config| &config.max_connections).copied();
        if let Some(most) = args.max_connections.or(file) {
            limits.connections = most.get().into();
        }
        let file = self.file(|config| &config.max_connections_per_address);
        if let Some(most) = args.max_connections_per_address.or(file.copied()) {
            limits.connections_per_address = most.get().into();
        }
        limits
    }

    /// Outputs in collectl's formats: those of the file and of flags.
    pub(super) fn collectl(&self) -> Result<BTreeMap<Element, Options>, String> {
        let file = self.file.iter().flat_map(|file| &file.config.collectl);
        let mut all: BTreeMap<_, _> = file
            .map(|(name, said)| (name.clone(), said.value.clone()))
            .collect();
        for address in &self.args.address {
            let options = collectl::options_of_address(address)?;
            all.insert(collectl::element(address), options);
        }
        Ok(all)
    }

    pub(super) fn control(&self) -> Option<PathBuf> {
        let file = || self.file(|config| &config.control).cloned();
        self.args.control.clone().or_else(file)
    }

    pub(super) fn control_group(&self) -> Option<Told<String>> {
        let flag = self.args.control_group.as_ref();
        let flag = flag.map(|group| Told::flag(group, "--control-group"));
        flag.or_else(|| self.of_file(|config| &config.control_group))
    }

    /// The certificate of the file.
    pub(super) fn own_pair(&self) -> Option<Tls> {
        Some(Tls::Own {
            certificate: self.of_file(|config| &config.tls_cert)?,
            key: self.of_file(|config| &config.tls_key)?,
        })
    }

    pub(super) fn port(&self) -> Result<Option<Told<u16>>, String> {
        if let Some(port) = &self.args.port {
            return Ok(Some(Told::flag(port, "--port")));
        }
        if let Some(value) = self.variables.port()? {
            let whence = Whence::Variable("SOCKTOP_PORT");
            return Ok(Some(Told { value, whence }));
        }
        Ok(self.of_file(|config| &config.port))
    }

    /// Not empty.
    pub(super) fn addresses(&self) -> Option<Told<Vec<SocketAddr>>> {
        if !self.args.listen.is_empty() {
            return Some(Told::flag(&self.args.listen, "--listen"));
        }
        self.of_file(|config| &config.listen)
    }

    pub(super) fn token(&self) -> Result<TokenSource, String> {
        if let Some(path) = &self.args.token_file {
            return Ok(TokenSource::File(Told::flag(path, "--token-file")));
        }
        for name in ["SUBJIFFY_TOKEN", "SOCKTOP_TOKEN"] {
            if let Some(secret) = self.variables.secret(name)? {
                return Ok(TokenSource::Variable(secret, name));
            }
        }
        let file = self.of_file(|config| &config.token_file);
        Ok(file.map_or(TokenSource::None, TokenSource::File))
    }

    /// Web pages that may connect.
    pub(super) fn pages(&self) -> Result<Vec<Page>, String> {
        const NAME: &str = "SUBJIFFY_ALLOW_ORIGIN";
        let flags = &self.args.allow_origin;
        if !flags.is_empty() {
            let pages = flags.iter().map(|word| page("--allow-origin", word));
            return pages.collect();
        }
        let variable = self.variables.text(NAME)?.unwrap_or_default();
        let words = variable.split(',').map(str::trim);
        let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
        if !words.is_empty() {
            return words.into_iter().map(|word| page(NAME, word)).collect();
        }
        let file = self.file(|config| &config.allow_origin);
        Ok(file.cloned().unwrap_or_default())
    }
}

fn page(whence: &str, word: &str) -> Result<Page, String> {
    match word {
        "*" => Ok(Page::Any),
        word => {
            let origin = word.parse().map(Page::Of);
            origin.map_err(|why| format!("{whence}: {word:?}: {why}"))
        }
    }
}
