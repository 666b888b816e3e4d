//! One story, ended at every point (dev layer).
#![expect(
    clippy::print_stdout,
    reason = "a sweep says how many points it has tried, and where it went wrong"
)]

use super::drive::{Driven, FAIL_POINT, FAIL_TRACE};
use super::left::Left;
use super::stories::Story;
use std::collections::VecDeque;
use std::panic::catch_unwind;
use std::sync::{Mutex, PoisonError};

/// For developers: `all`, or the beginnings of the points to try, with commas between them.
const ONLY: &str = "TELECODER_TEST_FAIL_POINTS";
/// Stories that are told at once.
const AT_ONCE: usize = 3;

/// Runs the story undisturbed, then once for each point that it reached, and compares what is left.
pub(super) fn sweep(story: Story) {
    let (undisturbed, points) = traced(story);
    assert!(points.len() >= 60, "only {} points: {points:?}", points.len());
    let points = wanted(story, points);
    let todo = Mutex::new(points.iter().cloned().collect::<VecDeque<String>>());
    let wrong = Mutex::new(Vec::new());
    let missed = Mutex::new(Vec::new());
    let one_after_the_other = || {
        while let Some(point) = lock(&todo).pop_front() {
            match catch_unwind(|| ended_at(story, &point)) {
                Ok((left, ends)) => {
                    if ends != 1 {
                        lock(&missed).push(point.clone());
                    }
                    if left != undisturbed {
                        println!("ended at {point}: another end");
                        lock(&wrong).push(format!("ended at {point}: {left:#?}"));
                    }
                }
                Err(panic) => {
                    println!("ended at {point}: it panicked");
                    let words = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                    lock(&wrong).push(format!("ended at {point}: {words}"));
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(one_after_the_other);
        }
    });
    let (wrong, missed) = (lock(&wrong), lock(&missed));
    println!(
        "{story:?}: ended at {} points, {} not reached, {} violations",
        points.len(),
        missed.len(),
        wrong.len()
    );
    assert!(wrong.is_empty(), "undisturbed: {undisturbed:#?}\n\n{}", wrong.join("\n\n"));
    // Changes that meet in one transaction make fewer of them, and a slow run renews its leases more often than a quick one.
    assert!(missed.len() * 4 <= points.len(), "not reached: {missed:?}");
}

/// The points that are tried: of each name the first and the last, and of the rest as many as the story says, unless the
/// developer says otherwise.
fn wanted(story: Story, points: Vec<String>) -> Vec<String> {
    let points: Vec<String> = points.into_iter().filter(|point| point.starts_with(story.own())).collect();
    let name = |point: &str| point.split('#').next().unwrap_or_default().to_owned();
    let names: Vec<String> = points.iter().map(|point| name(point)).collect();
    let ends = |at: usize| !names[..at].contains(&names[at]) || !names[at + 1..].contains(&names[at]);
    let of_the_rest = |at: usize| story.every().is_some_and(|every| at.is_multiple_of(every));
    let only = std::env::var(ONLY).unwrap_or_default();
    let wanted = |at: usize, point: &str| match only.as_str() {
        "all" => true,
        "" => ends(at) || of_the_rest(at),
        only => only.split(',').any(|only| point.starts_with(only)),
    };
    points
        .iter()
        .enumerate()
        .filter(|(at, point)| wanted(*at, point))
        .map(|(_, point)| point.clone())
        .collect()
}

/// The points that an undisturbed run of a story reaches, in order.
pub(super) fn points(story: Story) -> Vec<String> {
    traced(story).1
}

fn traced(story: Story) -> (Left, Vec<String>) {
    let (mut world, scene) = story.world();
    let trace = world.path("trace");
    world.set(FAIL_TRACE, Some(&trace.display().to_string()));
    let mut driven = Driven::start(world);
    let left = story.run(&mut driven, &scene);
    let points = std::fs::read_to_string(&trace).unwrap().lines().map(str::to_owned).collect();
    (left, points)
}

fn ended_at(story: Story, point: &str) -> (Left, u32) {
    let (mut world, scene) = story.world();
    world.set(FAIL_POINT, Some(point));
    let mut driven = Driven::start(world);
    let left = story.run(&mut driven, &scene);
    (left, driven.ends)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
