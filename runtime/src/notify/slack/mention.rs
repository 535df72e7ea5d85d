//! Who is called when.

use std::fmt;

use crate::state::{StateKind, StateSet};

/// Up to four people or groups, and the states that they are called for.
#[derive(Clone, Copy)]
pub(super) struct Mentions([Option<(StateSet, &'static str)>; 4]);

impl Mentions {
    pub(super) const NONE: Self = Self([None; 4]);

    pub(super) const fn with(mut self, kind: StateKind, who: &'static str) -> Self {
        assert!(
            is_mention(who.as_bytes()),
            "a mention is written `<@U012>`, `<!subteam^S012>`, `<!here>` or `<!channel>`"
        );
        let mut at = 0;
        while at < self.0.len() {
            if self.0[at].is_none() {
                self.0[at] = Some((StateSet::new(&[kind]), who));
                return self;
            }
            at += 1;
        }
        panic!("a notifier mentions four at most: mention a group of users instead");
    }

    /// Who is called for a state of this kind.
    pub(super) fn of(self, kind: StateKind) -> impl Iterator<Item = &'static str> {
        let called = self.0.into_iter().flatten();
        called
            .filter(move |(kinds, _)| kinds.contains(kind))
            .map(|(_, who)| who)
    }
}

/// Tells whether this is the mark-up of a mention, and nothing else.
const fn is_mention(who: &[u8]) -> bool {
    let [b'<', b'@' | b'!', inner @ .., b'>'] = who else {
        return false;
    };
    let mut at = 0;
    while at < inner.len() {
        if !(inner[at].is_ascii_alphanumeric() || inner[at] == b'^') {
            return false;
        }
        at += 1;
    }
    !inner.is_empty()
}

impl fmt::Debug for Mentions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().flatten()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StateKind::{Failed, Running, TimedOut};

    #[test]
    fn kinds_stand_for_their_subkinds() {
        let mentions = Mentions::NONE
            .with(Failed, "<@U1>")
            .with(TimedOut, "<!subteam^S2>");
        let called = |kind| mentions.of(kind).collect::<Vec<_>>();
        assert_eq!(called(TimedOut), ["<@U1>", "<!subteam^S2>"]);
        assert_eq!(called(Failed), ["<@U1>"]);
        assert!(called(Running).is_empty());
    }

    #[test]
    fn only_the_mark_up_of_a_mention_is_one() {
        for who in ["<@U012AB>", "<!here>", "<!channel>", "<!subteam^S012>"] {
            assert!(is_mention(who.as_bytes()), "{who}");
        }
        for who in [
            "",
            "@ann",
            "<@>",
            "<#C1>",
            "<@U1> ",
            "<@U1|x>",
            "<@U1><@U2>",
        ] {
            assert!(!is_mention(who.as_bytes()), "{who}");
        }
    }

    #[test]
    #[should_panic = "four at most"]
    fn the_fifth_is_refused() {
        let four = (0..4).fold(Mentions::NONE, |all, _| all.with(Failed, "<@U1>"));
        let _ = four.with(Failed, "<@U1>");
    }
}
