use proptest::prelude::*;
use serde_json::{Value, json};

use super::text;
use crate::socktop::{ErrorObject, Request, RequestError};

#[test]
fn the_pid_is_left_out_where_there_is_none() {
    let frame = ErrorObject::new(Request::Disks, "no mount table").to_frame();
    assert_eq!(
        text(&frame),
        r#"{"error":"no mount table","request":"get_disks"}"#
    );
}

#[test]
fn a_bad_request_is_named_by_its_start() {
    let error = Request::parse("get_gpus").unwrap_err();
    let value: Value = serde_json::from_str(text(&ErrorObject::from(&error).to_frame())).unwrap();
    assert_eq!(value["request"], json!("get_gpus"));
    assert!(value["error"].as_str().unwrap().contains("unknown request"));

    let binary = ErrorObject::from(&RequestError::Binary);
    assert_eq!(binary.request, "");
}

#[test]
fn a_long_error_is_text_too() {
    let error = ErrorObject::new(Request::Metrics, "x".repeat(5000));
    assert!(text(&error.to_frame()).len() > 5000);
}

proptest! {
    #[test]
    fn every_answer_to_garbage_is_small_json(garbage: String) {
        if let Err(error) = Request::parse(&garbage) {
            let object = ErrorObject::from(&error);
            let frame = object.to_frame();
            prop_assert!(frame.len() < 1500);
            prop_assert_eq!(serde_json::from_str::<ErrorObject>(text(&frame)).unwrap(), object);
        }
    }
}
