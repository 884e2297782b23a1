//! The `subjiffy` program: reads the command line and starts what it asks for.

use std::{io, process::ExitCode, sync::Arc, thread, time::Duration};

use clap::Parser;
use subjiffy::{
    answers::{Lifetimes, Socktop},
    cli::{AgentArgs, Cli, Command, DoctorArgs, TopArgs},
    collect::collector::{Collector, Setup},
    doctor,
    privilege::{Privileges, advice},
    procfs::Root,
    sampler::Sampler,
    serve,
    shutdown::Signals,
    timer::Mailbox,
    top,
};
use tokio::{net::TcpListener, runtime};
use tokio_util::sync::CancellationToken;

fn main() -> ExitCode {
    let cli = Cli::parse();
    start_log();
    let result = match cli.command {
        None => run_agent(&cli.agent),
        Some(Command::Top(args)) => run_top(args),
        Some(Command::Doctor(args)) => run_doctor(args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("subjiffy: {error}");
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

fn open(bpf: bool) -> Result<Collector, String> {
    let collector = Collector::open(&Setup {
        root: Root::default(),
        bpf,
    })
    .map_err(|error| format!("cannot read /proc: {error}"))?;
    if let Some(error) = collector.missing() {
        let advice = advice(error, &Privileges::of_this_process());
        tracing::warn!("{advice}. Until then: /proc, in ticks of 10 ms");
        tracing::debug!("{error}");
    }
    Ok(collector)
}

fn run_agent(args: &AgentArgs) -> Result<(), String> {
    let address = args.address()?;
    let lifetimes = Lifetimes::from_variables(|name| std::env::var(name).ok())?;
    let runtime = runtime(2)?;
    let ended = runtime.block_on(async {
        let mut signals = Signals::install().map_err(|error| error.to_string())?;
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| format!("cannot listen on {address}: {error}"))?;
        let bound = listener.local_addr().map_err(|error| error.to_string())?;
        let collector = open(!args.no_bpf)?;
        let sampler = Sampler::start(collector).map_err(|error| error.to_string())?;
        let answers = Socktop::new(sampler.handle(), Root::default(), lifetimes);
        let token = CancellationToken::new();
        let limits = serve::Limits::default();
        let server = tokio::spawn(serve::serve(
            listener,
            Arc::new(answers),
            limits,
            token.clone(),
        ));
        tracing::info!("listening on ws://{bound}/ws");
        signals.requested().await;
        token.cancel();
        let _ = server.await;
        Ok(())
    });
    // A disk or a process that cannot be read at the moment must not keep the agent alive.
    runtime.shutdown_timeout(Duration::from_millis(100));
    ended
}

fn run_top(args: TopArgs) -> Result<(), String> {
    let stop = Arc::new(Mailbox::default());
    let runtime = runtime(1)?;
    let end = Arc::clone(&stop);
    let signals = runtime.block_on(async { Signals::install() });
    let mut signals = signals.map_err(|error| error.to_string())?;
    runtime.spawn(async move {
        signals.requested().await;
        end.send(top::Stop);
    });
    let printer = thread::Builder::new()
        .name("sampler".into())
        .spawn(move || {
            let mut collector = open(!args.no_bpf)?;
            top::run(&mut collector, &args, &stop).map_err(|error| error.to_string())
        });
    let printed = printer.map_err(|error| error.to_string())?.join();
    runtime.shutdown_timeout(Duration::from_millis(100));
    printed.unwrap_or_else(|_| Err("the sampler has failed".to_owned()))
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
