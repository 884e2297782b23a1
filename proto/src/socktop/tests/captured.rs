//! Frames captured from socktop_agent 1.60.1 between real programs.

use prost::Message;

use super::{binary, text};
use crate::{
    generated::socktop::Processes,
    socktop::{Disk, Encoder, ErrorObject, List, Metrics, Request, Row},
};

const METRICS: &str = r#"{"sampled_at_ms":1795148598797,"cpu_total":48.445698,"cpu_per_core":[0.0,0.0],"mem_total":25276510208,"mem_used":542818304,"swap_total":0,"swap_used":0,"hostname":"vm","cpu_temp_c":null,"disks":[],"networks":[{"name":"lo","received":151843426,"transmitted":151843426},{"name":"ifb1","received":0,"transmitted":0},{"name":"ifb0","received":0,"transmitted":0},{"name":"eth0","received":1350321152,"transmitted":2889909}],"top_processes":[],"gpus":null}"#;
const DISKS: &str = r#"[{"name":"/dev/vda","total":270553174016,"available":73928364032,"temperature":null,"is_partition":false}]"#;
const FIRST_LIST: &str = "0803120d08031205736c6565702080e070120a0801120273682080a06b12160802120d736f636b746f705f6167656e742080e09303";
const SECOND_LIST: &str = "0803120d08031205736c6565702080e070120f0801120273681d000048422080a06b12160802120d736f636b746f705f6167656e742080e09403";
const NOT_FOUND: &str =
    r#"{"error":"Process 4000000 not found","pid":4000000,"request":"get_process_metrics"}"#;

#[test]
fn metrics_are_the_same_bytes() {
    let metrics: Metrics = serde_json::from_str(METRICS).unwrap();
    assert_eq!(metrics.hostname, "vm");
    assert_eq!(metrics.networks.len(), 4);
    assert_eq!(text(&Encoder::new().metrics(metrics)), METRICS);
}

#[test]
fn disks_are_the_same_bytes() {
    let disks: Vec<Disk> = serde_json::from_str(DISKS).unwrap();
    assert_eq!(text(&Encoder::new().disks(disks)), DISKS);
}

#[test]
fn process_lists_are_the_same_bytes() {
    for hex in [FIRST_LIST, SECOND_LIST] {
        let captured = unhex(hex);
        let list = Processes::decode(captured.as_slice()).unwrap();
        assert_eq!(list.rows.len(), 3);
        let rows = list.rows.iter().map(|row| Row {
            pid: row.pid,
            comm: row.name.as_bytes(),
            cpu_usage: row.cpu_usage,
            mem_bytes: row.mem_bytes,
            ..Row::default()
        });
        let heading = List {
            process_count: list.process_count,
            ..List::default()
        };
        let frame = Encoder::new().processes(heading, rows);
        assert_eq!(binary(&frame)[..], captured);
    }
}

#[test]
fn the_busy_process_of_the_second_list_had_half_of_two_cpus() {
    let list = Processes::decode(unhex(SECOND_LIST).as_slice()).unwrap();
    assert_eq!(
        (list.rows[1].name.as_str(), list.rows[1].cpu_usage),
        ("sh", 50.0)
    );
}

#[test]
fn error_objects_are_the_same_bytes() {
    let request = Request::ProcessMetrics { pid: 4_000_000 };
    let error = ErrorObject::new(request, "Process 4000000 not found");
    assert_eq!(text(&error.to_frame()), NOT_FOUND);
}

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}
