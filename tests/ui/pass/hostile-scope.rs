//! Names that generated code must not depend on.
#![no_implicit_prelude]
#![deny(warnings)]
#![allow(non_camel_case_types, dead_code)]

extern crate std as real_std;
extern crate tribune as real_tribune;

use ::real_tribune::{flow, task};

mod std {}
mod core {}
mod tribune {}
struct Option;
struct Result;
struct Vec;
struct String;
struct Box;
struct Task;
struct Input;
struct usize;
struct bool;
trait Send {}
trait From {}

mod inner {
    use ::real_tribune::task;

    pub struct TaskSpec;
    pub struct Handle;

    #[task(name = "inner", max_retries = 1, retry_delay = "1s", trigger = all_finished)]
    pub fn load(inputs: i64, bindings: &[i64], load: i64, __rt: u8) -> i64 {
        let _ = (bindings, __rt);
        inputs + load
    }
}

#[task]
async fn flow(step0: i64, mistake: i64) -> ::real_std::result::Result<i64, ::real_std::string::String> {
    ::real_std::result::Result::Ok(step0 + mistake)
}

#[task]
fn input(step: i64) -> (i64, i64) {
    (step, step)
}

fn main() {
    let builder = 1;
    let flow = flow!("hostile", {
        let flow = flow(step0 = inner::load(1, ::real_std::vec![2], 3, 4), mistake = 2);
        let step1 = input(flow);
        let (result, input) = step1;
        let step0 = inner::load(inputs = result, bindings = [input, flow], load = 6, __rt = 5);
        inner::load(step0, [step0], builder, 4)
    });
    ::real_std::mem::drop(flow);
}
