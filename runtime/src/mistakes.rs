#![doc = include_str!("mistakes.md")]
