//! How a landing goes, in words.

use std::sync::Arc;

use kadence_core::clock::Clock;
use kadence_land::Gauges;

use crate::output::{Rate, Voice, Watching, count, records};

/// Says how it goes until the answer is dropped.
pub(super) fn watch(voice: Voice, gauges: Vec<Arc<Gauges>>, clock: Arc<dyn Clock>) -> Watching {
    let mut rate = Rate::new(clock);
    Watching::start(voice, move || message(&gauges, &mut rate))
}

fn message(gauges: &[Arc<Gauges>], rate: &mut Rate) -> String {
    let sum = |of: fn(&Gauges) -> u64| gauges.iter().map(|gauges| of(gauges)).sum::<u64>();
    let (landed, rejected) = (sum(Gauges::landed), sum(Gauges::rejected));
    let mut parts = vec![format!("{} landed", records(landed)), format!("{:.0}/s", rate.since(landed))];
    let behind: Option<u64> = gauges.iter().map(|gauges| gauges.behind()).sum();
    if let Some(behind) = behind {
        let under_way = sum(Gauges::read).saturating_sub(landed + rejected);
        parts.push(format!("lag {}", count(behind + under_way)));
    }
    if rejected > 0 {
        parts.push(format!("{} rejected", count(rejected)));
    }
    parts.join(" · ")
}
