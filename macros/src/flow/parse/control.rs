//! `for`, `if` and `match`.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::ParseStream;
use syn::parse::discouraged::Speculative;
use syn::token::{Brace, Paren};
use syn::{Attribute, Error, Expr, Lifetime, Pat, Token, braced};

use super::{pattern, steps, text, value};
use crate::diagnostics::Errors;
use crate::flow::ast::{Arm, Block, Branch, BranchKind, For, Guard, Pattern, Value};
use crate::options::{at_end_of_item, next_span, parse_input, skip_all, skip_item, tokens_between};

/// Parses a loop or a branch, if there is one.
pub(super) fn parse(input: ParseStream<'_>, errors: &mut Errors) -> Option<Value> {
    if input.peek(Lifetime) && input.peek2(Token![:]) && input.peek3(Token![for]) {
        refuse_label(input, errors);
    }
    let parsed = if input.peek(Token![for]) && !input.peek2(Token![<]) {
        each(input, errors)
    } else if input.peek(Token![if]) {
        if_else(input, errors)
    } else if input.peek(Token![match]) {
        match_arms(input, errors)
    } else {
        return None;
    };
    Some(parsed.unwrap_or_else(|error| {
        errors.keep(error);
        skip_blocks(input);
        Value::Mistake
    }))
}

/// Refuses a method or an operator behind the braces.
pub(super) fn refuse_rest(value: &Value, input: ParseStream<'_>, errors: &mut Errors) {
    let keyword = match value {
        Value::For(each) => Some(("for", each.keyword.span)),
        Value::Branch(branch) => Some(branch.keyword()),
        _ => None,
    };
    if let Some((keyword, place)) = keyword {
        let message = format!(
            "the value of `{keyword}` is the future output of a step, \
             so it cannot be part of an expression"
        );
        let help = "bind it with `let`, and compute inside a task that takes it";
        errors.help_at(place, message, help);
    }
    value::skip(input);
}

fn refuse_label(input: ParseStream<'_>, errors: &mut Errors) {
    if let Ok(label) = input.parse::<Lifetime>() {
        let message = "a loop of a flow cannot be left early, so it has no label";
        errors.help(&label, message, "remove the label");
    }
    let _: Option<Token![:]> = input.parse().ok();
}

/// `for PATTERN in LISTS { .. }`
fn each(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Value> {
    let keyword: Token![for] = input.parse()?;
    let pattern = element(keyword, input, errors)?;
    let _: Token![in] = input.parse()?;
    let lists = head(input, errors)?;
    let body = block(input, errors)?;
    Ok(Value::For(Box::new(For {
        keyword,
        pattern,
        lists,
        body,
    })))
}

/// The pattern of a loop, up to `in`.
fn element(
    keyword: Token![for],
    input: ParseStream<'_>,
    errors: &mut Errors,
) -> syn::Result<Pattern> {
    let start = input.cursor();
    while !input.peek(Token![in]) && !input.peek(Brace) && !input.peek(Token![;]) {
        if input.parse::<TokenTree>().is_err() {
            break;
        }
    }
    let tokens = tokens_between(start, input.cursor());
    if tokens.is_empty() {
        let help = "write `for element in list { .. }`";
        errors.help(&keyword, "a loop needs a name for the element", help);
        return Ok(Pattern::Mistake(Vec::new()));
    }
    parse_input(tokens, |input| {
        let pattern = steps::pattern(input, errors);
        if input.parse::<Token![:]>().is_ok() {
            steps::refuse_type(input, errors);
        }
        if input.is_empty() {
            return Ok(pattern);
        }
        Err(Error::new(next_span(input), "expected `in`"))
    })?
}

/// A value that ends before braces: what a loop goes over, or what a branch looks at.
fn head(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Value> {
    let place = next_span(input);
    let tokens = head_tokens(input);
    if tokens.is_empty() {
        return Err(Error::new(place, "expected an expression"));
    }
    parse_input(tokens, |input| {
        let value = value::parse(input, errors);
        if !input.is_empty() {
            errors.at_span(next_span(input), "expected `{`");
        }
        value
    })
}

fn head_tokens(input: ParseStream<'_>) -> TokenStream {
    let start = input.cursor();
    let ahead = input.fork();
    if Expr::parse_without_eager_brace(&ahead).is_ok() && ahead.peek(Brace) {
        input.advance_to(&ahead);
    } else {
        // It is half-typed: the next braces are probably those of the block.
        while !input.peek(Brace) && !input.peek(Token![;]) && input.parse::<TokenTree>().is_ok() {}
    }
    tokens_between(start, input.cursor())
}

/// A block; where there is none yet, one whose value is not understood.
fn block(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Block> {
    if !input.peek(Brace) {
        errors.at_span(next_span(input), "expected curly braces");
        let mut block = Block::default();
        block.end_with(Value::Mistake);
        return Ok(block);
    }
    let content;
    braced!(content in input);
    let mut block = Block::default();
    steps::parse(&content, &mut block, errors);
    skip_all(&content);
    Ok(block)
}

/// `if FLAG { .. } else { .. }` or `if let PATTERN = VALUE { .. } else { .. }`
fn if_else(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Value> {
    let start = input.cursor();
    let keyword: Token![if] = input.parse()?;
    let (kind, pattern) = match input.parse::<Token![let]>() {
        Ok(binds) => {
            let pattern = Pat::parse_multi_with_leading_vert(input)?;
            let equals = input.parse()?;
            (BranchKind::IfLet(keyword, binds, equals), Some(pattern))
        }
        Err(_) => (BranchKind::If(keyword), None),
    };
    let (borrows, on) = looked_at(input, errors)?;
    let text = text::of(tokens_between(start, input.cursor()));
    let then = Arm {
        text: text.clone(),
        bindings: pattern::bindings(pattern.as_ref(), borrows, errors),
        pattern,
        ..with_body(input, errors, block)?
    };
    let or = input.parse::<Token![else]>().ok();
    let otherwise = match or {
        Some(_) => with_body(input, errors, otherwise)?,
        None => with_body(input, errors, |_, _| Ok(Block::default()))?,
    };
    Ok(Value::Branch(Box::new(Branch {
        kind,
        text,
        borrows,
        on,
        arms: vec![then, otherwise],
        otherwise: or,
    })))
}

/// An `else`, or any arm before the rest of it is known.
fn with_body(
    input: ParseStream<'_>,
    errors: &mut Errors,
    parse: impl FnOnce(ParseStream<'_>, &mut Errors) -> syn::Result<Block>,
) -> syn::Result<Arm> {
    let start = input.cursor();
    let body = parse(input, errors)?;
    let end = match tokens_between(start, input.cursor()).into_iter().last() {
        Some(TokenTree::Group(group)) => group.span_close(),
        Some(token) => token.span(),
        None => next_span(input),
    };
    Ok(Arm {
        text: "else".to_owned(),
        pattern: None,
        guard: None,
        bindings: Vec::new(),
        body,
        end,
    })
}

/// What stands after `else`: a block, or one more `if`.
fn otherwise(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Block> {
    if !input.peek(Token![if]) {
        return block(input, errors);
    }
    let mut block = Block::default();
    block.end_with(if_else(input, errors)?);
    Ok(block)
}

/// `match VALUE { .. }`
fn match_arms(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Value> {
    let start = input.cursor();
    let keyword: Token![match] = input.parse()?;
    let (borrows, on) = looked_at(input, errors)?;
    let text = text::of(tokens_between(start, input.cursor()));
    let content;
    let brace = braced!(content in input);
    let mut arms = Vec::new();
    if content.is_empty() {
        let help = "write `pattern => task(..),` for each case";
        errors.help(&keyword, "a `match` in a flow needs an arm", help);
        return Ok(Value::Mistake);
    }
    let mut complete = true;
    while !content.is_empty() {
        match match_arm(&content, borrows, errors) {
            Ok(arm) => arms.push(arm),
            Err(error) => {
                errors.keep(error);
                complete = false;
                skip_item(&content);
            }
        }
        let _: Option<Token![,]> = content.parse().ok();
    }
    if !complete {
        // Without one of its arms it is perhaps not exhaustive.
        return Ok(Value::Mistake);
    }
    Ok(Value::Branch(Box::new(Branch {
        kind: BranchKind::Match(keyword, brace),
        text,
        borrows,
        on,
        arms,
        otherwise: None,
    })))
}

/// `PATTERN if GUARD => BODY`
fn match_arm(input: ParseStream<'_>, borrows: bool, errors: &mut Errors) -> syn::Result<Arm> {
    steps::refuse_attributes(&input.call(Attribute::parse_outer)?, errors);
    let start = input.cursor();
    let pattern = Pat::parse_multi_with_leading_vert(input)?;
    let guard = match input.parse::<Token![if]>() {
        Ok(keyword) => Some(Guard::Rust(keyword, Box::new(input.parse()?))),
        Err(_) => None,
    };
    let text = text::of(tokens_between(start, input.cursor()));
    let arrow: Token![=>] = input.parse()?;
    let body = |input: ParseStream<'_>, errors: &mut Errors| {
        if input.peek(Brace) {
            return block(input, errors);
        }
        Ok(arm_value(arrow, input, errors))
    };
    Ok(Arm {
        text,
        guard,
        bindings: pattern::bindings(Some(&pattern), borrows, errors),
        pattern: Some(pattern),
        ..with_body(input, errors, body)?
    })
}

/// A body without braces. `()` is an empty one.
fn arm_value(arrow: Token![=>], input: ParseStream<'_>, errors: &mut Errors) -> Block {
    let mut block = Block::default();
    if at_end_of_item(input) {
        let help = "write a call of a task, or `{}` if there is nothing to do";
        errors.help(&arrow, "this arm needs a body", help);
        block.output = Some(Value::Mistake);
    } else if let Some(value) = parse(input, errors) {
        block.end_with(value);
    } else {
        match value::parse(input, errors) {
            Value::Tuple(_, items) if items.is_empty() => {}
            value => block.output = Some(value),
        }
        if !at_end_of_item(input) {
            errors.at_span(next_span(input), "expected `,`");
            skip_item(input);
        }
    }
    block
}

/// What a branch looks at, and whether it only borrows it.
fn looked_at(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<(bool, Value)> {
    let borrows = input.peek(Token![&]) && !input.peek(Token![&&]) && !input.peek2(Token![mut]);
    if borrows && input.peek2(Paren) {
        // A tuple is made for the branch alone: its elements are outputs as well.
        let _: Token![&] = input.parse()?;
    }
    let value = head(input, errors)?;
    Ok((borrows, value))
}

/// Skips to behind the blocks of a loop or a branch that is not understood.
fn skip_blocks(input: ParseStream<'_>) {
    while !at_end_of_item(input) && !input.peek(Token![;]) {
        let is_block = input.peek(Brace);
        let _: Option<TokenTree> = input.parse().ok();
        if is_block && !input.peek(Token![else]) {
            return;
        }
    }
}
