//! What users see: programs with one mistake each beside rustc's words about it, and programs that
//! have to compile without a warning.

#[test]
fn what_rustc_says() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/task/*.rs");
    cases.compile_fail("ui/handler/*.rs");
    cases.compile_fail("ui/option/*.rs");
    cases.compile_fail("ui/flow/*.rs");
}
