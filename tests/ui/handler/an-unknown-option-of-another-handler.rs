use tribune::prelude::*;

#[derive(Clone, Copy)]
struct Page {
    loud: bool,
}

#[allow(non_upper_case_globals)]
const page: Page = Page { loud: false };

impl Page {
    const fn loud(self, loud: bool) -> Self {
        Self { loud }
    }
}

impl StateHandler for Page {
    fn handle<'a>(&'a self, _: &'a StateChange, new: State) -> tribune::handler::Answer<'a> {
        assert!(!self.loud);
        new.into()
    }
}

#[task(state_handlers = [page(lout = true)])]
fn load() {}

fn main() {}
