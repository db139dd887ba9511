//! Plots as pictures that are a part of the page.

use std::fmt::Write as _;

use crate::data::{Bucket, Slice};
use crate::units::{count, escaped, micros, seconds};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 34.0;
/// How many lines a scale has, about.
const LINES: f64 = 4.0;
/// How much wider each bucket of a histogram is than the one before.
const WIDER: f64 = 4.0 / 3.0;

/// A picture that is being drawn.
struct Picture(String);

impl Picture {
    fn new(label: &str) -> Self {
        Self(format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">", escaped(label)))
    }

    fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        // A string takes all that is written.
        let _ = write!(
            self.0,
            "<line class=\"{class}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
            from.0, from.1, to.0, to.1
        );
    }

    fn text(&mut self, anchor: &str, at: (f64, f64), text: &str) {
        let text = escaped(text);
        let _ = write!(
            self.0,
            "<text text-anchor=\"{anchor}\" x=\"{:.1}\" y=\"{:.1}\">{text}</text>",
            at.0, at.1
        );
    }

    /// What a place along the lower edge stands for; the last one stays inside.
    fn below(&mut self, x: f64, words: &str) {
        self.line("axis", (x, HEIGHT - BOTTOM), (x, HEIGHT - BOTTOM + 5.0));
        if x > WIDTH - 3.0 * RIGHT {
            self.text("end", (WIDTH, HEIGHT - 10.0), words);
        } else {
            self.text("middle", (x, HEIGHT - 10.0), words);
        }
    }

    /// A bar from `left` to `right` up to `top`, and what it stands for.
    fn bar(&mut self, (left, right, top): (f64, f64, f64), words: &str) {
        let width = (right - left - 1.0).max(1.0);
        let height = (HEIGHT - BOTTOM - top).max(1.0);
        let words = escaped(words);
        let _ = write!(
            self.0,
            "<rect class=\"bar\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\">\
             <title>{words}</title></rect>"
        );
    }

    fn path(&mut self, class: &str, points: impl Iterator<Item = (f64, f64)>) {
        let mut path = String::new();
        for (place, (x, y)) in points.enumerate() {
            let _ = write!(path, "{}{x:.1} {y:.1}", if place == 0 { "M" } else { "L" });
        }
        let _ = write!(self.0, "<path class=\"{class}\" d=\"{path}\"/>");
    }

    /// The lines of a scale from 0 to `most`, with what they stand for; gives where a value is.
    fn upright(&mut self, most: f64, words: &dyn Fn(f64) -> String) -> impl Fn(f64) -> f64 + use<> {
        let step = step(most);
        let top = (most / step).ceil().max(1.0) * step;
        let at = move |value: f64| HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM);
        let mut value = 0.0;
        while value <= top * 1.001 {
            self.line("axis", (LEFT, at(value)), (WIDTH - RIGHT, at(value)));
            self.text("end", (LEFT - 8.0, at(value) + 4.0), &words(value));
            value += step;
        }
        at
    }

    fn finish(mut self) -> String {
        self.0.push_str("</svg>");
        self.0
    }
}

/// Whether a scale can have such a number at its end. What runs measure lies far within.
fn is_drawn(number: f64) -> bool {
    (1e-9..1e18).contains(&number)
}

/// A round step by which a few lines reach `most`.
fn step(most: f64) -> f64 {
    if !is_drawn(most) {
        return (most / LINES).max(1.0);
    }
    let rough = most / LINES;
    let unit = 10_f64.powf(rough.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * unit).find(|step| *step >= rough).unwrap_or(rough)
}

/// How many records were how late: counts over a scale on which each factor of ten is as wide as the next.
pub(crate) fn histogram(title: &str, buckets: &[Bucket]) -> Option<String> {
    let is_met = |bucket: &&Bucket| bucket.records > 0 && is_drawn(bucket.to_us);
    let (first, last) = (buckets.iter().find(is_met)?, buckets.iter().rev().find(is_met)?);
    let low = 10_f64.powf((first.to_us / 2.0).log10().floor());
    let high = 10_f64.powf(last.to_us.log10().ceil()).max(low * 10.0);
    let most = buckets.iter().map(|bucket| bucket.records).max().unwrap_or_default();
    let mut picture =
        Picture::new(&format!("{title}: records by lateness, from {} to {}", micros(low), micros(high)));
    let up = picture.upright(most as f64, &|value| count(value.round() as u64));
    let across = |value: f64| {
        let share = (value / low).log10() / (high / low).log10();
        LEFT + share.clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
    };
    let mut tick = low;
    while tick <= high * 1.001 {
        picture.below(across(tick), &tick_of(tick));
        tick *= 10.0;
    }
    // The first one reaches down to nothing, for which there is no room: it is as wide as the others.
    let mut from = (first.to_us / WIDER).max(low);
    for bucket in buckets.iter().filter(|bucket| bucket.to_us.is_finite()) {
        let to = bucket.to_us.max(from);
        if bucket.records > 0 {
            let (left, right, top) = (across(from), across(to), up(bucket.records as f64));
            picture.bar((left, right, top), &format!("up to {}: {}", micros(to), count(bucket.records)));
        }
        from = to;
    }
    Some(picture.finish())
}

/// A power of ten.
fn tick_of(micros: f64) -> String {
    match micros {
        few if few < 0.999 => format!("{few:.1} µs"),
        some if some < 999.0 => format!("{some:.0} µs"),
        many if many < 999_000.0 => format!("{:.0} ms", many / 1e3),
        most => format!("{:.0} s", most / 1e6),
    }
}

/// Lateness over the run: the mean of each stretch, and the greatest.
pub(crate) fn lateness_over(slices: &[Slice]) -> Option<String> {
    let sent: Vec<&Slice> = slices.iter().filter(|slice| slice.sent > 0).collect();
    let last = slices.last()?.to_s;
    let most = sent.iter().map(|slice| slice.max_us).fold(0.0, f64::max);
    if sent.is_empty() || !is_drawn(most) || !is_drawn(last) {
        return None;
    }
    let mut picture = Picture::new(&format!("Lateness over the run, at most {}", micros(most)));
    let up = picture.upright(most, &micros);
    let across = along(&mut picture, last);
    let points = |of: fn(&Slice) -> f64| sent.iter().map(move |slice| (middle(slice), of(slice)));
    picture.path("line other", points(|slice| slice.max_us).map(|(x, y)| (across(x), up(y))));
    picture.path("line", points(|slice| slice.mean_us).map(|(x, y)| (across(x), up(y))));
    Some(picture.finish())
}

/// How many records were due per second, and how many left.
pub(crate) fn rates(slices: &[Slice]) -> Option<String> {
    let last = slices.last()?.to_s;
    let all = slices.iter().fold(0_u64, |sum, slice| sum.saturating_add(slice.sent));
    // So wide that there are some records in each, mostly.
    let stretches = usize::try_from(all / 4).unwrap_or(usize::MAX).clamp(8, 128);
    let stretches: Vec<&[Slice]> = slices.chunks(slices.len().div_ceil(stretches)).collect();
    let ends = |stretch: &[Slice]| Some((stretch.first()?.from_s, stretch.last()?.to_s));
    let rate = |stretch: &[Slice], of: fn(&Slice) -> u64| {
        let (from, to) = ends(stretch)?;
        let records = stretch.iter().fold(0_u64, |sum, slice| sum.saturating_add(of(slice)));
        Some((from, to, records as f64 / (to - from)))
    };
    let sent: Vec<_> = stretches.iter().filter_map(|stretch| rate(stretch, |slice| slice.sent)).collect();
    let planned: Vec<_> =
        stretches.iter().filter_map(|stretch| rate(stretch, |slice| slice.planned)).collect();
    let most = sent.iter().chain(&planned).map(|(_, _, rate)| *rate).fold(0.0, f64::max);
    if !is_drawn(most) || !is_drawn(last) {
        return None;
    }
    let mut picture =
        Picture::new(&format!("Records per second over the run, at most {}", rate_in_words(most)));
    let up = picture.upright(most, &rate_in_words);
    let across = along(&mut picture, last);
    for (from, to, rate) in sent.into_iter().filter(|(_, _, rate)| *rate > 0.0) {
        let (left, right, top) = (across(from), across(to), up(rate));
        picture.bar(
            (left, right, top),
            &format!("{} to {}: {}/s", seconds(from), seconds(to), rate_in_words(rate)),
        );
    }
    if slices.iter().any(|slice| slice.planned > 0) {
        let corners = planned.into_iter().flat_map(|(from, to, rate)| [(from, rate), (to, rate)]);
        picture.path("line other", corners.map(|(x, y)| (across(x), up(y))));
    }
    Some(picture.finish())
}

fn rate_in_words(rate: f64) -> String {
    if rate < 9.95 && rate.fract() != 0.0 { format!("{rate:.1}") } else { count(rate.round() as u64) }
}

fn middle(slice: &Slice) -> f64 {
    f64::midpoint(slice.from_s, slice.to_s)
}

/// The scale of a run's length; gives where a second is.
fn along(picture: &mut Picture, last: f64) -> impl Fn(f64) -> f64 + use<> {
    let across = move |second: f64| LEFT + second / last * (WIDTH - LEFT - RIGHT);
    let step = step(last);
    let mut second = 0.0;
    while second <= last * 1.001 {
        let x = across(second);
        let words = match last {
            short if short < 1.0 => micros(second * 1e6),
            some if some < 60.0 => format!("{second:.*} s", usize::from(step < 1.0)),
            _ => seconds(second),
        };
        picture.below(x, &words);
        second += step;
    }
    across
}
