//! The page.

use std::fmt::Write as _;

use crate::data::{Certificate, PlaceVerdict, Promise};
use crate::plot::{histogram, lateness_over, rates};
use crate::units::{bytes, count, escaped, micros, moment, seconds};

const STYLE: &str = include_str!("style.css");

impl Certificate {
    /// Writes it as a page.
    pub fn to_html(&self) -> String {
        let title = self.title();
        let mut page = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
             <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
        );
        let parts = [
            self.head(&title),
            self.figures(),
            self.promises(),
            self.plots(),
            self.verification(),
            self.origin(),
        ];
        page.extend(parts);
        page.push_str("</main>\n");
        page.push_str(&self.element());
        page.push_str("\n</body>\n</html>\n");
        page
    }

    fn title(&self) -> String {
        let topics: Vec<&str> = self.topics.iter().map(|topic| topic.name.as_str()).collect();
        let into = if topics.is_empty() { "nowhere".to_owned() } else { topics.join(", ") };
        let from = self.sources.first().map_or("a run", |source| &source.name);
        escaped(&format!("{from} to {into}"))
    }

    fn head(&self, title: &str) -> String {
        let (class, word, more) = self.judgement();
        format!(
            "<p class=\"soft\">Certificate of a run</p>\n<h1>{title}</h1>\n<p class=\"soft\">{} to {}, {}</p>\n\
             <p class=\"verdict {class}\"><strong>{word}</strong>{more}</p>\n",
            escaped(&moment(&self.started)),
            escaped(&moment(&self.ended)),
            escaped(&self.pace)
        )
    }

    /// What it all comes to: a class, a word and a sentence.
    fn judgement(&self) -> (&'static str, &'static str, String) {
        if let Some(error) = &self.report.error {
            return ("bad", "Failed.", escaped(error));
        }
        let stopped = if self.report.interrupted { "The run was stopped before its end. " } else { "" };
        let Some(verdict) = &self.verdict else {
            let sent = count(self.report.accepted);
            return match self.run {
                Some(_) => {
                    let more = format!("{stopped}{sent} sent; nobody has looked what is there of them.");
                    ("", "Not verified yet.", more)
                }
                None => {
                    ("", "Not sealed.", format!("{stopped}{sent} sent; nobody can tell them from others."))
                }
            };
        };
        let place = |place: &PlaceVerdict| format!("{}: {}", escaped(&place.place), in_short(place));
        let shown = verdict.places.iter().filter(|place| place.sound == verdict.sound);
        let places: Vec<String> = shown.map(place).collect();
        let more = stopped.to_owned() + &places.join("<br>");
        if verdict.sound { ("good", "Sound.", more) } else { ("bad", "Not sound.", more) }
    }

    fn figures(&self) -> String {
        let report = &self.report;
        let late = report.lateness_us;
        let figures = [
            ("Sent", Some(count(report.accepted))),
            ("Acknowledged", report.acknowledged.map(count)),
            ("Given up", Some(count(report.failed))),
            ("Size", Some(bytes(report.bytes))),
            ("Planned length", report.ideal_s.map(seconds)),
            ("Actual length", Some(seconds(report.elapsed_s))),
            ("Skew", report.skew_percent.map(|skew| format!("{skew:.4} %"))),
            ("Later than allowed", report.missed.map(count)),
            ("Median lateness", late.map(|late| micros(late.p50))),
            ("99 % left within", late.map(|late| micros(late.p99))),
            ("Greatest lateness", late.map(|late| micros(late.max))),
            ("99 % arrived within", report.arrival_lateness_us.map(|late| micros(late.p99))),
            ("Sent again", report.retries.map(count)),
        ];
        let mut text = String::from("<dl class=\"figures\">\n");
        for (name, value) in figures {
            if let Some(value) = value {
                // A string takes all that is written.
                let _ = writeln!(text, "<div><dt>{name}</dt><dd>{value}</dd></div>");
            }
        }
        text + "</dl>\n"
    }

    fn promises(&self) -> String {
        if self.promises.is_empty() {
            return String::new();
        }
        let row = |Promise { promise, kept, found }: &Promise| {
            let (class, word) = match kept {
                Some(true) => ("yes", "kept"),
                Some(false) => ("no", "not kept"),
                None => ("soft", "not known"),
            };
            format!(
                "<tr><td>{}</td><td class=\"{class}\">{word}</td><td>{}</td></tr>\n",
                escaped(promise),
                escaped(found)
            )
        };
        let rows: String = self.promises.iter().map(row).collect();
        format!(
            "<h2>What was promised</h2>\n<table class=\"wide promises\"><thead><tr><th>Promise</th><th>Kept</th><th>Found</th></tr>\
             </thead><tbody>\n{rows}</tbody></table>\n"
        )
    }

    fn plots(&self) -> String {
        let is_paced = self.report.ideal_s.is_some();
        let mut text = String::new();
        let mut plot = |title: &str, picture: Option<String>, caption: &str| {
            let _ = match picture {
                Some(picture) => writeln!(
                    text,
                    "<h2>{title}</h2>\n<figure>{picture}<figcaption>{caption}</figcaption></figure>"
                ),
                None if is_paced => {
                    writeln!(text, "<h2>{title}</h2>\n<p class=\"soft\">There is nothing to show.</p>")
                }
                None => Ok(()),
            };
        };
        let by_lateness = "Records by lateness, each bar a third wider than the one before.";
        plot("Left late by", histogram("Left late by", &self.lateness), by_lateness);
        let arrived = histogram("Acknowledged late by", &self.arrival_lateness);
        plot("Acknowledged late by", arrived, by_lateness);
        let legend = |one: &str, other: &str| {
            format!("<span class=\"key\"></span>{one} &nbsp; <span class=\"key other\"></span>{other}")
        };
        plot("Lateness over the run", lateness_over(&self.timeline), &legend("mean", "greatest"));
        let sent = "<span class=\"key bar\"></span>sent".to_owned();
        let both = if is_paced { sent + " &nbsp; <span class=\"key other\"></span>planned" } else { sent };
        plot("Records per second", rates(&self.timeline), &both);
        if !is_paced {
            text.push_str("<p class=\"soft\">The run had no pace, so no record was late.</p>\n");
        }
        text
    }

    fn verification(&self) -> String {
        let Some(verdict) = &self.verdict else { return String::new() };
        let places: String = verdict.places.iter().map(in_full).collect();
        format!(
            "<h2>What is there of it</h2>\n<p class=\"soft\">Last looked at {}</p>\n{places}",
            escaped(&moment(&verdict.at))
        )
    }

    fn origin(&self) -> String {
        let mut text = String::from("<h2>Where it comes from</h2>\n<table class=\"wide\"><tbody>\n");
        let mut row = |name: &str, value: String| {
            let _ = writeln!(text, "<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>");
        };
        for source in &self.sources {
            let size = source.bytes.map_or_else(String::new, |size| format!(", {} bytes read", count(size)));
            let digest = source.sha256.as_ref().map_or_else(String::new, |digest| {
                format!("<br><small>SHA-256 <code>{}</code></small>", escaped(digest))
            });
            row("Recording", format!("{}{size}{digest}", escaped(&source.name)));
        }
        for topic in &self.topics {
            let partitions: Vec<String> = topic
                .partitions
                .iter()
                .map(|(partition, records)| format!("partition {partition}: {}", count(*records)))
                .collect();
            row("Topic", format!("{}<br><small>{}</small>", escaped(&topic.name), partitions.join(", ")));
        }
        if !self.brokers.is_empty() {
            row("Brokers", escaped(&self.brokers));
        }
        if let Some(run) = &self.run {
            row("Run", format!("<code>{}</code>", escaped(run)));
        }
        row("Command", format!("<code>kadence {}</code>", escaped(&self.command.join(" "))));
        let machine = &self.machine;
        let processor = machine.processor.as_deref().unwrap_or(&machine.architecture);
        row(
            "Machine",
            format!("{}, {} × {}", escaped(&machine.system), machine.processors, escaped(processor)),
        );
        let client =
            if self.client.is_empty() { String::new() } else { format!(", {}", escaped(&self.client)) };
        row("Made by", format!("kadence {}{client}", escaped(&self.kadence)));
        text + "</tbody></table>\n"
    }
}

fn in_short(place: &PlaceVerdict) -> String {
    let sent = place.sent.map_or_else(|| "an unknown number".to_owned(), count);
    let reasons = if place.sound { "0 lost, 0 doubled".to_owned() } else { escaped(&place.reasons()) };
    format!("{sent} sent, {} found: {reasons}", count(place.found))
}

fn in_full(place: &PlaceVerdict) -> String {
    let (class, word) = if place.sound { ("yes", "sound") } else { ("no", "not sound") };
    let mut text = format!("<h3>{} <span class=\"{class}\">{word}</span></h3>\n", escaped(&place.place));
    let _ = writeln!(text, "<p>{}</p>", in_short(place));
    for note in &place.notes {
        let _ = writeln!(text, "<p class=\"no\">{}</p>", escaped(note));
    }
    if place.faults.is_empty() {
        return text;
    }
    text.push_str("<table class=\"wide\"><tbody>\n");
    for fault in &place.faults {
        let mut examples: Vec<String> = fault.examples.iter().map(|example| escaped(example)).collect();
        if fault.records > examples.len() as u64 {
            examples.push("…".into());
        }
        let _ = writeln!(
            text,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>",
            escaped(&fault.kind),
            count(fault.records),
            examples.join("<br>")
        );
    }
    text + "</tbody></table>\n"
}
