use tribune::prelude::*;

#[task(task_run_name = "load {tabel}")]
fn load(table: String) -> usize {
    table.len()
}

fn main() {}
