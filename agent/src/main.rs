//! The `subjiffy` program: reads the command line and starts what it asks for.

use std::{
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
    thread,
    time::{Duration, SystemTime},
};

use clap::Parser;
use rustix::system::uname;
use subjiffy::{
    answers::{self, Socktop},
    cli::{AgentArgs, Cli, Command, CtlArgs, DoctorArgs, TopArgs},
    collect::collector::{Collector, Setup},
    collectl::{
        self,
        outputs::{self, Outputs},
        source::Own,
    },
    config::ConfigFile,
    control::{self, operator::Controller},
    ctl,
    descriptors::make_room,
    doctor,
    elements::{Catalog, catalog::KNOWN},
    listen, memory,
    privilege::{Privileges, advice},
    procfs::Root,
    reload::Reloader,
    sampler::Sampler,
    serve,
    settings::{Settings, Tls},
    shutdown::{Reread, Signals},
    timer::Mailbox,
    tls::{Keeper, Names, Source, Store},
    top,
};
use subjiffy_collectl::{process, run::End};
use tokio::{
    net::{TcpListener, UnixListener},
    runtime,
};
use tokio_util::sync::CancellationToken;

fn main() -> ExitCode {
    memory::keep_little();
    if let Some(words) = collectl::command::words() {
        return run_collectl(&words);
    }
    let cli = Cli::parse();
    start_log();
    let result = match cli.command {
        None => run_agent(&cli.agent),
        Some(Command::Top(args)) => run_top(args),
        Some(Command::Doctor(args)) => run_doctor(args),
        Some(Command::Ctl(args)) => run_ctl(&args),
        Some(Command::Collectl(args)) => return run_collectl(&args.words),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // As compilers and editors have it: FILE:LINE first.
            let prefix = if cli.agent.check_config {
                ""
            } else {
                "subjiffy: "
            };
            for line in error.lines() {
                eprintln!("{prefix}{line}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run_collectl(words: &[OsString]) -> ExitCode {
    start_log();
    let source = || -> Result<Box<dyn process::Source>, String> {
        Ok(Box::new(Own::new(open(true, &Catalog::default())?)))
    };
    let mut serving = None;
    let done = collectl::command::run(words, &source, |control| {
        let runtime = when_requested(move || control.end(End::Asked))?;
        let handle = runtime.handle().clone();
        serving = Some(runtime);
        Ok(handle)
    });
    if let Some(runtime) = serving {
        runtime.shutdown_timeout(Duration::from_millis(100));
    }
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// `SUBJIFFY_LOG` chooses levels, as in `debug` or `subjiffy=trace`.
fn start_log() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("SUBJIFFY_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let _ = tracing_log::LogTracer::init();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(io::IsTerminal::is_terminal(&io::stderr()))
        .with_target(false)
        .with_env_filter(filter)
        .finish();
    let _ = tracing::subscriber::set_global_default(subscriber);
}

fn open(bpf: bool, catalog: &Catalog) -> Result<Collector, String> {
    let collector = Collector::open(&Setup {
        root: Root::default(),
        bpf,
        catalog: catalog.clone(),
    })
    .map_err(|error| format!("cannot read /proc: {error}"))?;
    if let Some(error) = collector.missing() {
        let advice = advice(error, &Privileges::of_this_process());
        tracing::warn!("{advice}. Until then: /proc, in ticks of 10 ms");
        tracing::debug!("{error}");
    }
    Ok(collector)
}

/// Of the file, the flags and the environment.
fn settings(args: &AgentArgs) -> Result<(Settings, Option<ConfigFile>), String> {
    let file = args.config.as_deref();
    let file = file.map(|path| ConfigFile::read(path, KNOWN)).transpose()?;
    let settings = Settings::new(args, file.as_ref(), |name| std::env::var_os(name))?;
    for warning in file.iter().flat_map(ConfigFile::warnings) {
        tracing::warn!("{warning}");
    }
    for warning in settings.warnings() {
        tracing::warn!("{warning}");
    }
    Ok((settings, file))
}

/// Looks at what is only read; nothing is made and nothing starts.
fn check(args: &AgentArgs, settings: &Settings, hostname: &str) -> Result<(), String> {
    settings.token.load()?;
    if let Some(Tls::Own { .. }) = settings.tls {
        certificate(settings, hostname)?;
    }
    let file = args.config.as_deref().unwrap_or("".as_ref());
    writeln!(io::stdout(), "{}: ok", file.display()).map_err(|error| error.to_string())
}

fn run_agent(args: &AgentArgs) -> Result<(), String> {
    let (settings, file) = settings(args)?;
    let hostname = uname().nodename().to_string_lossy().into_owned();
    if args.check_config {
        return check(args, &settings, &hostname);
    }
    let certificate = certificate(&settings, &hostname)?;
    let mut limits = settings.limits.clone();
    limits.connections = make_room(limits.connections);
    let setup = serve::Setup {
        limits,
        access: serve::Access {
            token: settings.token.load()?,
            origins: serve::Origins {
                all: settings.all_origins,
                allowed: settings.origins.clone(),
                own_names: serve::own_names(&hostname),
                tls: certificate.is_some(),
            },
        },
        tls: certificate.as_ref().map(Keeper::config).transpose()?,
        counters: Arc::default(),
        after_crowd: Some(memory::release_memory),
    };
    let runtime = runtime(settings.workers)?;
    let ended = runtime.block_on(async {
        let mut signals = Signals::install().map_err(|error| error.to_string())?;
        // Before BPF is loaded: who connects meanwhile waits instead of being refused.
        let listeners = listen::bind(&settings.listen)?;
        let urls = urls(&listeners, certificate.is_some())?;
        let control = match settings.no_control {
            true => None,
            false => control::open(
                settings.control.as_deref(),
                settings.control_group.as_ref(),
                std::env::var_os("XDG_RUNTIME_DIR"),
            )?,
        };
        let catalog = Catalog::default();
        let elements = catalog.elements();
        outputs::add(&settings.collectl, &elements);
        settings.apply(&elements);
        let collector = open(settings.bpf, &catalog)?;
        collector.clock().set_period(settings.period);
        let sampler = Sampler::start(collector).map_err(|error| error.to_string())?;
        let outputs = outputs::Setup {
            sampler: sampler.handle(),
            runtime: runtime::Handle::current(),
        };
        let outputs = Outputs::start(settings.collectl.clone(), &elements, &outputs)?;
        let answers = Socktop::new(
            sampler.handle(),
            &Root::default(),
            answers::Settings {
                lifetimes: settings.lifetimes,
                hardware: settings.hardware,
            },
        )
        .with_counters(setup.counters.clone())
        .with_catalog(&catalog);
        let token = CancellationToken::new();
        if let Some(keeper) = certificate {
            tokio::spawn(keeper.run(token.clone()));
        }
        let reloader = file.map(|file| {
            let (elements, sampler) = (elements.clone(), sampler.handle());
            Arc::new(Reloader::new(
                file,
                args.period.is_some(),
                elements,
                sampler,
            ))
        });
        let hangups = Reread::install().map_err(|error| error.to_string())?;
        tokio::spawn(reload_on_hangup(reloader.clone(), hangups));
        if let Some((socket, others)) = &control {
            let controller = Controller::new(elements, sampler.handle(), reloader, token.clone());
            let listener = socket.listener.try_clone().and_then(UnixListener::from_std);
            let listener = listener.map_err(|error| format!("{socket}: {error}"))?;
            tokio::spawn(control::server::serve(
                listener,
                Arc::new(controller),
                *others,
                token.clone(),
            ));
            tracing::info!("control socket: {socket}");
        }
        let serving = serve::serve(listeners, Arc::new(answers), setup, token.clone());
        let server = tokio::spawn(serving);
        for url in urls {
            tracing::info!("listening on {url}");
        }
        tokio::select! {
            () = signals.requested() => token.cancel(),
            () = token.cancelled() => {}
        }
        let _ = server.await;
        // Its threads wait for what is sent.
        let _ = tokio::task::spawn_blocking(|| drop(outputs)).await;
        Ok(())
    });
    // A driver, a file server or a process that hangs must not keep us.
    runtime.shutdown_timeout(Duration::from_millis(100));
    ended
}

async fn reload_on_hangup(reloader: Option<Arc<Reloader>>, mut hangups: Reread) {
    loop {
        hangups.requested().await;
        let Some(reloader) = &reloader else {
            tracing::warn!("SIGHUP: there is no configuration file; start with --config");
            continue;
        };
        match reloader.reload().await {
            Ok(told) => tracing::info!("{told}"),
            Err(problems) => problems
                .lines()
                .for_each(|problem| tracing::error!("not applied: {problem}")),
        }
    }
}

fn certificate(settings: &Settings, hostname: &str) -> Result<Option<Keeper>, String> {
    let source = match &settings.tls {
        None => return Ok(None),
        Some(Tls::Own { certificate, key }) => Source::Own {
            certificate: certificate.clone(),
            key: key.clone(),
        },
        Some(Tls::Kept {
            directory,
            extra_names,
        }) => {
            let names = Names::of(hostname, extra_names)
                .map_err(|error| format!("SOCKTOP_AGENT_EXTRA_SANS: {error}"))?;
            Source::Kept(Store::new(directory.clone()), names)
        }
    };
    Keeper::open(source, SystemTime::now()).map(Some)
}

fn urls(listeners: &[TcpListener], tls: bool) -> Result<Vec<String>, String> {
    let scheme = if tls { "wss" } else { "ws" };
    let addresses = listeners.iter().map(TcpListener::local_addr);
    let urls = addresses.map(|address| Ok(format!("{scheme}://{}/ws", address?)));
    urls.collect::<io::Result<_>>()
        .map_err(|error| error.to_string())
}

fn run_top(args: TopArgs) -> Result<(), String> {
    let stop = Arc::new(Mailbox::default());
    let end = Arc::clone(&stop);
    let runtime = when_requested(move || end.send(top::Stop))?;
    let printer = thread::Builder::new()
        .name("sampler".into())
        .spawn(move || {
            let mut collector = open(!args.no_bpf, &Catalog::default())?;
            top::run(&mut collector, &args, &stop).map_err(|error| error.to_string())
        });
    let printed = printer.map_err(|error| error.to_string())?.join();
    runtime.shutdown_timeout(Duration::from_millis(100));
    printed.unwrap_or_else(|_| Err("the sampler has failed".to_owned()))
}

fn run_ctl(args: &CtlArgs) -> Result<(), String> {
    if !args.watch {
        return ctl::run(args, None).map_err(|error| error.to_string());
    }
    let ending = Arc::new(ctl::Ending::default());
    let end = Arc::clone(&ending);
    let runtime = when_requested(move || end.end())?;
    let watched = ctl::run(args, Some(&ending));
    runtime.shutdown_timeout(Duration::from_millis(100));
    watched.map_err(|error| error.to_string())
}

/// Calls `end` when a signal asks this process to end, while the runtime is there.
fn when_requested(end: impl FnOnce() + Send + 'static) -> Result<runtime::Runtime, String> {
    let runtime = runtime(1)?;
    let signals = runtime.block_on(async { Signals::install() });
    let mut signals = signals.map_err(|error| error.to_string())?;
    runtime.spawn(async move {
        signals.requested().await;
        end();
    });
    Ok(runtime)
}

fn run_doctor(args: DoctorArgs) -> Result<(), String> {
    let report = doctor::examine(&Root::default());
    let written = if args.json {
        serde_json::to_string(&report)
            .map_err(io::Error::from)
            .map(|text| println!("{text}"))
    } else {
        doctor::write_text(&mut io::stdout().lock(), &report)
    };
    written.map_err(|error| error.to_string())
}

fn runtime(workers: usize) -> Result<runtime::Runtime, String> {
    runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())
}
