//! What the engine says of states: a byte in a state, a text when somebody looks.

macro_rules! texts {
    ($($name:ident $text:literal,)*) => {
        /// A message of the engine's own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Text {
            $($name,)*
        }

        impl Text {
            pub(crate) const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

texts! {
    RunningFlow "Running flow.",
    ReferencesFailed "Some reference tasks failed.",
    ReferencesSucceeded "All reference tasks succeeded.",
    NoReferenceFailed "No reference tasks failed.",
    Cancelled "The flow run was cancelled.",
    NotRun "Task not run.",
    Starting "Starting task run.",
    Succeeded "Task run succeeded.",
    TimedOut "Task timed out during execution.",
    ReadyToMap "Ready to proceed with mapping.",
    NothingToMap "No upstream states can be mapped over.",
    Unmappable "At least one upstream state has an unmappable result.",
    UpstreamSkipped "Upstream task was skipped; if this was not the intended behavior, consider changing \
        `skip_on_upstream_skip=False` for this task.",
    BranchUndecided "The branch was not decided, because its condition failed.",
    CacheInvalid "Cache was invalid; ready to run.",
    Approved "Approval given to resume.",
    NotAllSuccessful r#"Trigger was "all_successful" but some of the upstream tasks failed."#,
    NotAllFailed r#"Trigger was "all_failed" but some of the upstream tasks succeeded."#,
    NoneSuccessful r#"Trigger was "any_successful" but none of the upstream tasks succeeded."#,
    NoneFailed r#"Trigger was "any_failed" but none of the upstream tasks failed."#,
    NotAllFinished r#"Trigger was "all_finished" but some of the upstream tasks were not finished."#,
    SomeFailedNotSkipped r#"Trigger was "not_all_skipped" but some of the upstream tasks failed."#,
    AllSkipped "All upstreams were skipped",
    ManualOnly r#"Trigger function is "manual_only""#,
    TooFewSuccessful r#"Trigger was "some_successful" but thresholds were not met."#,
    TooFewFailed r#"Trigger was "some_failed" but thresholds were not met."#,
    TriggerFailed "Trigger failed",
}
