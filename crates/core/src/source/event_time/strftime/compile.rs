//! From the text of a format to steps, and whether they add up to a point in time.

use super::{Part, Step};
use crate::fault::{Explain, Fault};

/// The reason why a format cannot be used.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{}", self.explain())]
#[non_exhaustive]
#[expect(missing_docs, reason = "the explanation says it")]
pub enum Refusal {
    Unknown { directive: String },
    Locale { directive: String },
    OpenPercent,
    Incomplete { what: &'static str },
}

impl Explain for Refusal {
    fn explain(&self) -> Fault {
        match self {
            Self::Unknown { directive } => {
                Fault::new("", format!("`{directive}` is not read (there are {DIRECTIVES})"))
            }
            Self::Locale { directive } => {
                Fault::new("", format!("`{directive}` depends on language and place"))
                    .help("write it out, such as %d/%m/%Y %H:%M:%S")
            }
            Self::OpenPercent => {
                Fault::new("", "the format ends after a %").help("a percent sign is written %%")
            }
            Self::Incomplete { what } => Fault::new("", format!("the format {what}")),
        }
        .misuse()
    }
}

/// The directives, for messages.
const DIRECTIVES: &str = "%Y %m %d %H %M %S %f %z %Q %s %F %T %D %R %y %C %B %b %h %e %j %A %a %u %w %G %g %V %U %W \
    %I %k %l %p %P %N %.f %Z %n %t %%";

/// Compiles `format`.
pub(super) fn compile(format: &str) -> Result<Vec<Step>, Refusal> {
    let mut steps = Vec::new();
    let mut rest = format.chars();
    while let Some(character) = rest.next() {
        match character {
            '%' => directive(&mut rest, &mut steps)?,
            _ if character.is_ascii_whitespace() => steps.push(Step::Space),
            _ => literal(character, &mut steps),
        }
    }
    match gap(&steps) {
        Some(what) => Err(Refusal::Incomplete { what }),
        None => Ok(steps),
    }
}

fn literal(character: char, steps: &mut Vec<Step>) {
    let mut bytes = [0; 4];
    steps.extend(character.encode_utf8(&mut bytes).bytes().map(Step::Literal));
}

/// Adds the steps of the directive that `rest` starts with.
fn directive(rest: &mut std::str::Chars<'_>, steps: &mut Vec<Step>) -> Result<(), Refusal> {
    let start = rest.as_str();
    let mut letter = rest.next().ok_or(Refusal::OpenPercent)?;
    let mut is_padded = false;
    // How numbers are filled up: a text is read either way.
    if matches!(letter, '-' | '_' | '0') {
        is_padded = true;
        letter = rest.next().ok_or(Refusal::OpenPercent)?;
    }
    let (mut before, mut width) = (Before::Nothing, 0);
    loop {
        before = match (letter, before) {
            (':', Before::Nothing | Before::Colons) => Before::Colons,
            ('.', Before::Nothing) => Before::Dot,
            ('0'..='9', Before::Nothing | Before::Width) => Before::Width,
            ('0'..='9', Before::Dot | Before::DotWidth) => Before::DotWidth,
            _ => break,
        };
        if let Some(digit) = letter.to_digit(10) {
            width = (width * 10 + digit as usize).min(MOST_DIGITS + 1);
        }
        letter = rest.next().ok_or(Refusal::OpenPercent)?;
    }
    let written = || format!("%{}", &start[..start.len() - rest.as_str().len()]);
    let unknown = || Err(Refusal::Unknown { directive: written() });
    let colons = written().matches(':').count();
    if colons > MOST_COLONS {
        return unknown();
    }
    if matches!(letter, 'c' | 'x' | 'X' | 'r' | '+') {
        return Err(Refusal::Locale { directive: written() });
    }
    let Some(meaning) = meaning(letter) else { return unknown() };
    let is_number = matches!(meaning, [Step::Number(..)]);
    let fits = match before {
        Before::Nothing => !is_padded || is_number,
        Before::Colons => matches!(meaning, [Step::Offset]),
        Before::Width => matches!(meaning, [Step::Fraction(_)]),
        Before::Dot | Before::DotWidth => letter == 'f',
    };
    let digits = if matches!(before, Before::Width | Before::DotWidth) { width } else { MOST_DIGITS };
    if !fits || (is_padded && !is_number) || !(1..=MOST_DIGITS).contains(&digits) {
        return unknown();
    }
    match (before, meaning) {
        (Before::Dot | Before::DotWidth, _) => steps.push(Step::DotFraction(digits)),
        (_, [Step::Fraction(_)]) => steps.push(Step::Fraction(digits)),
        _ => steps.extend(meaning),
    }
    Ok(())
}

/// `%:z`, `%::z`.
const MOST_COLONS: usize = 2;
/// A nanosecond is the ninth digit of a fraction.
const MOST_DIGITS: usize = 9;

/// What stands between the percent sign and the letter.
#[derive(Clone, Copy)]
enum Before {
    Nothing,
    Colons,
    Width,
    Dot,
    DotWidth,
}

/// What a letter stands for.
fn meaning(letter: char) -> Option<&'static [Step]> {
    use Part as P;
    use Step::{Fraction, Literal, Number, Space};
    Some(match letter {
        '%' => &[Literal(b'%')],
        'n' | 't' => &[Space],
        'Y' => &[Number(P::Year, 4)],
        'C' => &[Number(P::Century, 2)],
        'y' => &[Number(P::YearOfCentury, 2)],
        'm' => &[Number(P::Month, 2)],
        'B' => &[Step::MonthName { full: true }],
        'b' | 'h' => &[Step::MonthName { full: false }],
        'd' | 'e' => &[Number(P::Day, 2)],
        'j' => &[Number(P::DayOfYear, 3)],
        'A' => &[Step::WeekdayName { full: true }],
        'a' => &[Step::WeekdayName { full: false }],
        // Zero, which is Sunday, becomes seven where it is read.
        'u' | 'w' => &[Number(P::Weekday, 1)],
        'G' => &[Number(P::IsoYear, 4)],
        'g' => &[Number(P::IsoYearOfCentury, 2)],
        'V' => &[Number(P::IsoWeek, 2)],
        'U' => &[Number(P::SundayWeek, 2)],
        'W' => &[Number(P::MondayWeek, 2)],
        'H' | 'k' => &[Number(P::Hour, 2)],
        'I' | 'l' => &[Number(P::HourOfHalf, 2)],
        'p' | 'P' => &[Step::Meridiem],
        'M' => &[Number(P::Minute, 2)],
        'S' => &[Number(P::Second, 2)],
        'f' | 'N' => &[Fraction(MOST_DIGITS)],
        's' => &[Step::Epoch],
        'z' => &[Step::Offset],
        'Q' => &[Step::Zone],
        'Z' => &[Step::Universal],
        'F' => &[Number(P::Year, 4), Literal(b'-'), Number(P::Month, 2), Literal(b'-'), Number(P::Day, 2)],
        'D' => &[
            Number(P::Month, 2),
            Literal(b'/'),
            Number(P::Day, 2),
            Literal(b'/'),
            Number(P::YearOfCentury, 2),
        ],
        'T' => {
            &[Number(P::Hour, 2), Literal(b':'), Number(P::Minute, 2), Literal(b':'), Number(P::Second, 2)]
        }
        'R' => &[Number(P::Hour, 2), Literal(b':'), Number(P::Minute, 2)],
        _ => return None,
    })
}

/// What keeps `steps` from saying a point in time.
fn gap(steps: &[Step]) -> Option<&'static str> {
    let has = |part: Part| steps.iter().any(|step| matches!(step, Step::Number(found, _) if *found == part));
    let month = has(Part::Month) || steps.iter().any(|step| matches!(step, Step::MonthName { .. }));
    let weekday = has(Part::Weekday) || steps.iter().any(|step| matches!(step, Step::WeekdayName { .. }));
    let half = steps.contains(&Step::Meridiem);
    let fraction = steps.iter().any(|step| matches!(step, Step::Fraction(_) | Step::DotFraction(_)));
    let year = has(Part::Year) || has(Part::YearOfCentury);
    let iso_year = has(Part::IsoYear) || has(Part::IsoYearOfCentury);
    let has_number = steps.iter().any(|step| matches!(step, Step::Number(..)));
    if steps.contains(&Step::Epoch) {
        let more = has_number || month || weekday || half;
        return more.then_some("says a date or a time beside `%s`; `%s` says everything but the fraction");
    }
    // What a part needs, and what is wrong without it.
    let needs = [
        (
            !(year || iso_year || month || has(Part::Day) || has(Part::DayOfYear) || has(Part::IsoWeek)),
            "holds no date; a time of day does not say when",
        ),
        (
            has(Part::IsoWeek) && !iso_year && !(year && month && has(Part::Day)),
            "is incomplete: `%V` needs `%G`",
        ),
        (
            iso_year && !has(Part::IsoWeek) && !(year && month && has(Part::Day)),
            "is incomplete: `%G` needs `%V`",
        ),
        (
            has(Part::IsoWeek) && !weekday && !(year && month),
            "is incomplete: `%V` needs a weekday, such as `%u`",
        ),
        (!year && !iso_year, "holds no year"),
        (
            has(Part::Century) && !has(Part::YearOfCentury) && !has(Part::Year),
            "is incomplete: `%C` needs `%y`",
        ),
        (has(Part::Day) && !month, "holds a day without a month"),
        (
            (has(Part::SundayWeek) || has(Part::MondayWeek)) && !(weekday && year) && !month,
            "is incomplete: `%U` needs a year and a weekday, and so does `%W`",
        ),
        (has(Part::HourOfHalf) && !half, "is incomplete: `%I` needs `%p`"),
        (half && !has(Part::HourOfHalf) && !has(Part::Hour), "is incomplete: `%p` needs `%I`"),
        (has(Part::Minute) && !has(Part::Hour) && !has(Part::HourOfHalf), "holds a minute without an hour"),
        (has(Part::Second) && !has(Part::Minute), "holds a second without a minute"),
        (fraction && !has(Part::Second), "holds a fraction without a second"),
        (
            steps.contains(&Step::Universal)
                && steps.iter().any(|step| matches!(step, Step::Offset | Step::Zone)),
            "says a zone twice",
        ),
    ];
    needs.iter().find(|(is_missing, _)| *is_missing).map(|(_, what)| *what)
}
