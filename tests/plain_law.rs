//! The plain-Rust law: a flow whose tasks succeed gives what the same body computes as plain Rust.
//!
//! Each body below stands once, and is compiled twice: by `flow!`, and as calls of the functions
//! themselves. Then random flows that are made with the builder are compared with their value.
#![recursion_limit = "512"]

use proptest::prelude::*;
use tribune::branch::Arm;
use tribune::prelude::*;

#[task]
fn add(x: i64, y: i64) -> i64 {
    x.wrapping_add(y)
}

#[task]
fn mul(x: i64, y: i64) -> i64 {
    x.wrapping_mul(y)
}

#[task]
fn range(n: i64) -> Vec<i64> {
    (0..n.rem_euclid(5)).collect()
}

#[task]
fn sum(list: &[i64]) -> i64 {
    list.iter().fold(0, |sum, x| sum.wrapping_add(*x))
}

#[task]
fn sums(lists: &[Vec<i64>]) -> Vec<i64> {
    lists.iter().map(|list| sum(list)).collect()
}

#[task]
fn is_even(x: i64) -> bool {
    x % 2 == 0
}

#[task]
fn pair(x: i64) -> (i64, bool) {
    (x.wrapping_sub(1), x > 2)
}

#[task]
fn nested(x: i64) -> (i64, (i64, i64)) {
    (x, (x.wrapping_add(1), x.wrapping_add(2)))
}

#[task]
fn pairs(n: i64) -> Vec<(i64, bool)> {
    range(n).into_iter().map(|x| (x, x % 3 == 0)).collect()
}

#[task]
fn half(x: i64) -> Option<i64> {
    (x % 2 == 0).then_some(x / 2)
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Empty,
    Rows(i64),
    Named { name: String, size: i64 },
}

const LIMIT: i64 = 3;

#[task]
fn kind(x: i64) -> Kind {
    match x.rem_euclid(4) {
        0 => Kind::Empty,
        1 => Kind::Named {
            name: format!("n{x}"),
            size: x,
        },
        _ => Kind::Rows(x),
    }
}

#[task]
fn length(text: &str) -> i64 {
    text.len().try_into().unwrap_or(0)
}

#[task]
fn zero() -> i64 {
    0
}

/// What `for` goes over in plain Rust.
trait List {
    type Element;

    fn elements(&self) -> Vec<Self::Element>;
}

impl<T: Clone> List for Vec<T> {
    type Element = T;

    fn elements(&self) -> Self {
        self.clone()
    }
}

impl<L: List> List for &L {
    type Element = L::Element;

    fn elements(&self) -> Vec<L::Element> {
        (*self).elements()
    }
}

impl<A: List, B: List> List for (A, B) {
    type Element = (A::Element, B::Element);

    fn elements(&self) -> Vec<Self::Element> {
        self.0
            .elements()
            .into_iter()
            .zip(self.1.elements())
            .collect()
    }
}

impl<A: List, B: List, C: List> List for (A, B, C) {
    type Element = (A::Element, B::Element, C::Element);

    fn elements(&self) -> Vec<Self::Element> {
        let rest = self.1.elements().into_iter().zip(self.2.elements());
        let all = self.0.elements().into_iter().zip(rest);
        all.map(|(a, (b, c))| (a, b, c)).collect()
    }
}

fn each<L: List, T>(list: &L, body: impl FnMut(L::Element) -> T) -> Vec<T> {
    list.elements().into_iter().map(body).collect()
}

/// The body as plain Rust, where a loop has no value: `for x in xs { .. }` becomes a call of `each`.
macro_rules! plain {
    (@ [] [$($out:tt)*] []) => { { $($out)* } };
    (@ [block [$($before:tt)*] [$($rest:tt)*] $($stack:tt)*] [$($out:tt)*] []) => {
        plain!(@ [$($stack)*] [$($before)* { $($out)* }] [$($rest)*])
    };
    (@ [(each $x:tt $xs:tt) [$($before:tt)*] [$($rest:tt)*] $($stack:tt)*] [$($out:tt)*] []) => {
        plain!(@ [$($stack)*] [$($before)* each(&$xs, |$x| { $($out)* })] [$($rest)*])
    };
    (@ $stack:tt $out:tt [for $x:tt in $xs:tt { $($body:tt)* } $($rest:tt)*]) => {
        plain!(@push (each $x $xs) $stack $out [$($rest)*] [$($body)*])
    };
    (@ $stack:tt $out:tt [{ $($body:tt)* } $($rest:tt)*]) => {
        plain!(@push block $stack $out [$($rest)*] [$($body)*])
    };
    (@ $stack:tt [$($out:tt)*] [$next:tt $($rest:tt)*]) => {
        plain!(@ $stack [$($out)* $next] [$($rest)*])
    };
    (@push $what:tt [$($stack:tt)*] $out:tt $rest:tt $body:tt) => {
        plain!(@ [$what $out $rest $($stack)*] [] $body)
    };
}

/// Failing cases are shrunk and printed, and not kept in a file.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    }
}

/// A test for each body, which stands once for both sides of the law.
macro_rules! laws {
    ($(fn $name:ident($($parameter:ident),*) { $($body:tt)* })*) => {
        proptest! {
            #![proptest_config(config(48))]
            $(
                #[test]
                fn $name($($parameter in -6i64..12),*) {
                    let flow = flow!(stringify!($name), |$($parameter: i64),*| { $($body)* });
                    let expected = plain!(@ [] [] [$($body)*]);
                    for threads in [1, 2] {
                        let run = flow.run().threads(threads);
                        $(let run = run.parameter(stringify!($parameter), $parameter);)*
                        let run = run.wait().unwrap();
                        prop_assert_eq!(run.output(), Some(&expected), "{:?}", run);
                        prop_assert!(run.state().is(Success), "{:?}", run);
                    }
                }
            )*
        }
    };
}

laws! {
    fn calls(n, m) {
        let a = add(n, m);
        let b = mul(a, add(a, 1));
        (a, add(b, n))
    }

    fn outputs_taken_apart(n) {
        let (a, (b, c)) = nested(n);
        let (d, _) = pair(add(a, b));
        add(c, d)
    }

    fn a_map(n) {
        let xs = range(n);
        for x in xs { mul(x, 2) }
    }

    fn a_map_with_shared_values(n, m) {
        let xs = range(n);
        let factor = add(m, 1);
        let scaled = for x in xs { mul(add(x, m), factor) };
        scaled
    }

    fn several_tasks_for_each(n, m) {
        let xs = range(n);
        let ys = for x in xs {
            let a = add(x, m);
            let b = mul(a, x);
            add(a, b)
        };
        (sum(&ys), sum(&xs))
    }

    fn a_map_of_a_map(n, m) {
        let xs = range(n);
        let ys = for x in xs { add(x, m) };
        let zs = for y in ys { mul(y, y) };
        zs
    }

    fn lists_in_step(n, m) {
        let xs = range(n);
        let ys = range(m);
        let products = for (x, y) in (&xs, &ys) { mul(x, y) };
        (sum(&products), sum(&xs), sum(&ys))
    }

    fn three_lists_in_step(n, m) {
        let xs = range(n);
        let ys = for x in xs { add(x, m) };
        for (x, y, z) in (&xs, &ys, vec![10, 20, 30]) { add(mul(x, y), z) }
    }

    fn elements_taken_apart(n) {
        let list = pairs(n);
        for (x, is_third) in list {
            if is_third { mul(x, 100) } else { x }
        }
    }

    fn elements_in_step_taken_apart(n, m) {
        let list = pairs(n);
        let xs = range(m);
        for ((x, flag), y) in (&list, &xs) {
            if flag { add(x, y) } else { mul(x, y) }
        }
    }

    fn constants_as_lists(n) {
        for x in (vec![1, 2, 3]) { add(x, n) }
    }

    fn nested_loops(n, m) {
        let xs = range(n);
        let ys = range(m);
        let table = for x in xs { for y in ys { mul(x, y) } };
        (sums(&table), sum(&sums(&table)))
    }

    fn an_inner_list_of_each(n, m) {
        let xs = range(n);
        let triangle = for x in xs {
            let row = range(x);
            let row = for y in row { add(mul(x, y), m) };
            sum(&row)
        };
        triangle
    }

    fn three_loops(n, m) {
        let xs = range(n);
        let ys = range(m);
        for x in xs {
            let inner = for y in ys {
                let zs = range(y);
                let w = add(x, y);
                let all = for z in zs { mul(w, z) };
                add(sum(&all), w)
            };
            sum(&inner)
        }
    }

    fn an_if(n, m) {
        if is_even(n) { add(n, m) } else { mul(n, m) }
    }

    fn an_if_whose_arms_are_bindings(n, m) {
        let flag = is_even(add(n, m));
        let x = if flag { n } else { m };
        add(x, 1)
    }

    fn a_chain_of_ifs(n, m) {
        let x = add(n, m);
        let y = if is_even(n) { mul(x, 2) } else if is_even(m) { let z = mul(x, 3); add(z, n) } else { zero() };
        add(y, x)
    }

    fn an_if_let(n, m) {
        let x = if let Some(h) = half(n) { add(h, m) } else { m };
        let y = if let (Some(a), true) = (half(n), is_even(m)) { a } else { x };
        (x, y)
    }

    fn a_match(n, m) {
        match kind(n) {
            Kind::Empty => zero(),
            Kind::Rows(rows) if rows > LIMIT => add(rows, m),
            Kind::Rows(LIMIT | 0) => m,
            Kind::Rows(rows) => { let double = add(rows, rows); mul(double, m) }
            Kind::Named { name, size } => add(length(&name), size),
        }
    }

    fn a_match_on_a_reference(n, m) {
        let k = kind(n);
        let text = match &k {
            Kind::Named { name, .. } => length(name),
            Kind::Rows(_) | Kind::Empty => m,
        };
        let rest = if let Kind::Named { name, .. } = &k { length(name) } else { text };
        add(text, rest)
    }

    fn a_match_on_a_tuple(n, m) {
        match (half(n), is_even(m), m) {
            (Some(x), true, y @ 1..=4) => mul(x, y),
            (Some(x), _, _) => x,
            (None, false, ..=0) => zero(),
            (None, ..) => n,
        }
    }

    fn patterns_of_numbers(n) {
        match n {
            ..=-1 => zero(),
            0 | 1 => add(n, 10),
            x @ (2..=5 | 7) => mul(x, 2),
            x if x % 2 == 0 => x,
            _ => n,
        }
    }

    fn a_branch_in_a_loop(n, m) {
        let xs = range(n);
        let ys = for x in xs {
            let y = add(x, m);
            match half(y) {
                Some(h) if h > 2 => mul(h, m),
                Some(h) => h,
                None => add(x, y),
            }
        };
        (sum(&ys), sum(&xs))
    }

    fn a_loop_in_a_branch(n, m) {
        let xs = range(n);
        if is_even(m) {
            let ys = for x in xs { mul(x, m) };
            sum(&ys)
        } else {
            sum(&xs)
        }
    }

    fn a_list_from_a_branch(n, m) {
        let xs = range(n);
        let ys = if is_even(m) { for x in xs { add(x, m) } } else { range(m) };
        for y in ys { mul(y, y) }
    }

    fn branches_in_branches(n, m) {
        let x = match half(n) {
            Some(a) => match half(a) {
                Some(b) => if is_even(m) { add(a, b) } else { b },
                None => a,
            },
            None => if is_even(m) { m } else { zero() },
        };
        add(x, n)
    }

    fn a_loop_in_a_branch_in_a_loop(n, m) {
        let xs = range(n);
        let ys = for x in xs {
            let row = range(add(x, m));
            let y = if is_even(x) {
                let row = for r in row { if is_even(r) { add(r, x) } else { mul(r, m) } };
                sum(&row)
            } else {
                sum(&row)
            };
            add(y, x)
        };
        ys
    }

    fn values_of_branches_as_arguments(n, m) {
        add(if is_even(n) { n } else { m }, match half(m) { Some(h) => h, None => zero() })
    }

    fn steps_beside_the_value(n, m) {
        let xs = range(n);
        for x in xs { add(x, m); };
        if is_even(n) { mul(n, m); } else { zero(); };
        match half(m) { Some(h) => { add(h, n); } None => {} };
        sum(&xs)
    }
}

/// An expression that makes a number.
#[derive(Clone, Debug)]
enum Number {
    Constant(i64),
    /// What was bound so many bindings ago, if there are so many.
    Bound(usize),
    Add(Box<Self>, Box<Self>),
    Mul(Box<Self>, Box<Self>),
    Sum(Box<Numbers>),
    Let(Box<Self>, Box<Self>),
    /// The first is bound in the second, which is taken if it is even, and not in the third.
    If(Box<Self>, Box<Self>, Box<Self>),
}

/// An expression that makes a list.
#[derive(Clone, Debug)]
enum Numbers {
    Range(Box<Number>),
    Constant(Vec<i64>),
    Each(Box<Self>, Box<Number>),
    InStep(Box<Self>, Box<Self>, Box<Number>),
    If(Box<Number>, Box<Self>, Box<Self>),
}

/// Numbers and lists whose expressions are nested at most this deep.
fn expressions(depth: u32) -> (BoxedStrategy<Number>, BoxedStrategy<Numbers>) {
    let leaf = prop_oneof![
        (-3i64..8).prop_map(Number::Constant),
        (0usize..5).prop_map(Number::Bound),
    ];
    let constants = prop::collection::vec(-3i64..8, 0..4).prop_map(Numbers::Constant);
    if depth == 0 {
        return (leaf.boxed(), constants.boxed());
    }
    let (number, list) = expressions(depth - 1);
    let (number, list) = (
        number.prop_map(Box::new).boxed(),
        list.prop_map(Box::new).boxed(),
    );
    let one = || number.clone();
    let two = || (number.clone(), number.clone());
    let three = || (number.clone(), number.clone(), number.clone());
    let numbers = prop_oneof![
        1 => leaf,
        2 => two().prop_map(|(a, b)| Number::Add(a, b)),
        1 => two().prop_map(|(a, b)| Number::Mul(a, b)),
        4 => list.clone().prop_map(Number::Sum),
        2 => two().prop_map(|(a, b)| Number::Let(a, b)),
        3 => three().prop_map(|(a, b, c)| Number::If(a, b, c)),
    ];
    let lists = prop_oneof![
        1 => constants,
        2 => one().prop_map(Numbers::Range),
        4 => (list.clone(), one()).prop_map(|(list, body)| Numbers::Each(list, body)),
        2 => (list.clone(), list.clone(), one()).prop_map(|(a, b, body)| Numbers::InStep(a, b, body)),
        2 => (one(), list.clone(), list).prop_map(|(on, a, b)| Numbers::If(on, a, b)),
    ];
    (numbers.boxed(), lists.boxed())
}

/// What names stand for: values, or handles of them.
#[derive(Clone)]
struct Names<T>(Vec<T>);

impl<T: Clone> Names<T> {
    fn get(&self, ago: usize) -> Option<T> {
        self.0.iter().rev().nth(ago).cloned()
    }

    fn with(&self, new: impl IntoIterator<Item = T>) -> Self {
        let mut all = self.clone();
        all.0.extend(new);
        all
    }
}

impl Number {
    fn value(&self, names: &Names<i64>) -> i64 {
        match self {
            Self::Constant(value) => *value,
            Self::Bound(ago) => names.get(*ago).unwrap_or(1),
            Self::Add(a, b) => add(a.value(names), b.value(names)),
            Self::Mul(a, b) => mul(a.value(names), b.value(names)),
            Self::Sum(list) => sum(&list.value(names)),
            Self::Let(value, rest) => rest.value(&names.with([value.value(names)])),
            Self::If(on, then, otherwise) => match on.value(names) {
                even if even % 2 == 0 => then.value(&names.with([even])),
                _ => otherwise.value(names),
            },
        }
    }

    fn declare(&self, flow: &mut tribune::FlowBuilder, names: &Names<Handle<i64>>) -> Handle<i64> {
        match self {
            Self::Constant(value) => flow.add(add {
                x: input(*value),
                y: input(0),
            }),
            Self::Bound(ago) => match names.get(*ago) {
                Some(handle) => handle,
                None => flow.add(add {
                    x: input(1),
                    y: input(0),
                }),
            },
            Self::Add(a, b) => {
                let (x, y) = (a.declare(flow, names), b.declare(flow, names));
                flow.add(add {
                    x: input(x),
                    y: input(y),
                })
            }
            Self::Mul(a, b) => {
                let (x, y) = (a.declare(flow, names), b.declare(flow, names));
                flow.add(mul {
                    x: input(x),
                    y: input(y),
                })
            }
            Self::Sum(list) => {
                let list = list.declare(flow, names);
                flow.add(sum { list: input(list) })
            }
            Self::Let(value, rest) => {
                let value = value.declare(flow, names);
                rest.declare(flow, &names.with([value]))
            }
            Self::If(on, then, otherwise) => {
                let on = on.declare(flow, names);
                choose(
                    flow,
                    on,
                    |flow, even| then.declare(flow, &names.with([even])),
                    |flow| otherwise.declare(flow, names),
                )
            }
        }
    }
}

impl Numbers {
    fn value(&self, names: &Names<i64>) -> Vec<i64> {
        match self {
            Self::Range(number) => range(number.value(names)),
            Self::Constant(values) => values.clone(),
            Self::Each(list, body) => {
                let list = list.value(names).into_iter();
                list.map(|x| body.value(&names.with([x]))).collect()
            }
            Self::InStep(a, b, body) => {
                let pairs = a.value(names).into_iter().zip(b.value(names));
                pairs
                    .map(|(a, b)| body.value(&names.with([a, b])))
                    .collect()
            }
            Self::If(on, then, otherwise) => match on.value(names) % 2 {
                0 => then.value(names),
                _ => otherwise.value(names),
            },
        }
    }

    fn declare(
        &self,
        flow: &mut tribune::FlowBuilder,
        names: &Names<Handle<i64>>,
    ) -> Handle<Vec<i64>> {
        match self {
            Self::Range(number) => {
                let n = number.declare(flow, names);
                flow.add(range { n: input(n) })
            }
            Self::Constant(values) => flow.each(values.clone(), |flow, x| {
                flow.add(add {
                    x: input(x),
                    y: input(0),
                })
            }),
            Self::Each(list, body) => {
                let list = list.declare(flow, names);
                flow.each(list, |flow, x| body.declare(flow, &names.with([x])))
            }
            Self::InStep(a, b, body) => {
                let lists = (a.declare(flow, names), b.declare(flow, names));
                flow.each(lists, |flow, (a, b)| {
                    body.declare(flow, &names.with([a, b]))
                })
            }
            Self::If(on, then, otherwise) => {
                let on = on.declare(flow, names);
                choose(
                    flow,
                    on,
                    |flow, _| then.declare(flow, names),
                    |flow| otherwise.declare(flow, names),
                )
            }
        }
    }
}

/// A branch with two arms; the first one, for even numbers, binds the number.
fn choose<T: Clone + Send + Sync + 'static>(
    flow: &mut tribune::FlowBuilder,
    on: Handle<i64>,
    then: impl FnOnce(&mut tribune::FlowBuilder, Handle<i64>) -> Handle<T>,
    otherwise: impl FnOnce(&mut tribune::FlowBuilder) -> Handle<T>,
) -> Handle<T> {
    let (even, odd) = (Arm::new(0), Arm::new(1));
    let branch = flow.branch("match x", on, move |x: i64| match x % 2 {
        0 => even.take((x,)),
        _ => odd.take(()),
    });
    let (x,) = flow.enter(branch, even, "even");
    let then = then(flow, x);
    flow.leave();
    let () = flow.enter(branch, odd, "odd");
    let otherwise = otherwise(flow);
    flow.leave();
    flow.choose(branch, [then, otherwise])
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn random_flows(number in expressions(6).0, n in -3i64..8) {
        let mut flow = Flow::builder("random");
        let parameter = flow.parameter::<i64>("n");
        let output = number.declare(&mut flow, &Names(vec![parameter]));
        let flow = flow.build(output).unwrap();
        let expected = number.value(&Names(vec![n]));
        for threads in [1, 2] {
            let run = flow.run().parameter("n", n).threads(threads).wait().unwrap();
            prop_assert_eq!(run.output(), Some(&expected), "{:?}\n{:?}", flow, run);
            prop_assert!(run.state().is(Success), "{:?}\n{:?}", flow, run);
        }
    }
}
