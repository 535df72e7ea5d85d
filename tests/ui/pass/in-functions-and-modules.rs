#![deny(warnings)]

use tribune::prelude::*;

mod outer {
    pub mod inner {
        use tribune::prelude::*;

        #[derive(Clone)]
        pub struct Row(pub i64);

        #[task]
        pub fn load() -> Row {
            Row(1)
        }
    }

    use tribune::prelude::*;

    use inner::Row;

    #[task]
    pub fn show(row: &Row) -> i64 {
        row.0
    }
}

use outer::inner::load;

fn main() {
    #[derive(Clone)]
    struct Local(i64);

    #[task]
    fn local(x: i64, y: &Local) -> Local {
        Local(x + y.0)
    }

    let flow = flow!("everywhere", {
        let row = outer::show(row = load());
        let row = self::outer::show(crate::outer::inner::load()).after(row);
        local(row, Local(1))
    });
    assert!(format!("{flow:?}").contains("local"), "{flow:?}");
}
