//! A loop in a flow: one run of its tasks for each element, and a list of what they give.

use tribune::prelude::*;

#[task]
fn chapters() -> Vec<String> {
    let text = "it was the best of times|it was the worst of times|it was the age of wisdom";
    text.split('|').map(str::to_owned).collect()
}

#[task]
fn words(chapter: &str) -> Vec<String> {
    chapter.split_whitespace().map(str::to_owned).collect()
}

#[task]
fn matching(word: &str, wanted: &str) -> usize {
    usize::from(word == wanted)
}

#[task]
fn sum(counts: &[usize]) -> usize {
    counts.iter().sum()
}

fn main() -> Result<(), RunError> {
    // The inner loop starts for a chapter as soon as its words are there.
    let flow = flow!("word count", |wanted: String| {
        let counts = for chapter in chapters() {
            let counts = for word in words(chapter) {
                matching(word, wanted)
            };
            sum(counts)
        };
        sum(counts)
    });

    let run = flow.run().parameter("wanted", "times").wait()?;
    println!("{:?} times", run.output());
    for (at, chapter) in run
        .task("words")
        .into_iter()
        .flat_map(|task| task.children())
        .enumerate()
    {
        println!("chapter {at}: {:?}", chapter.output::<Vec<String>>());
    }
    Ok(())
}
