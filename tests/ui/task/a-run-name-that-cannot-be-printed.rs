use tribune::prelude::*;

struct Table;

#[task(task_run_name = "load {table}")]
fn load(table: &Table) -> usize {
    std::mem::size_of_val(table)
}

fn main() {
    let _ = flow!("nightly", { load(Table) });
}
