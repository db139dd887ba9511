//! Positive decimal numbers, exactly.

use std::str::FromStr;

/// A positive number given in decimal, kept as a fraction so that schedules do not round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    numerator: u64,
    denominator: u64,
}

/// Why a text is no [`Ratio`].
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "must be a decimal number greater than 0 with at most 9 decimals, such as 1, 0.5 or 100000 (found `{found}`)"
)]
pub struct RatioError {
    found: String,
}

impl Ratio {
    /// 1.
    pub const ONE: Self = Self { numerator: 1, denominator: 1 };

    /// The nearest floating-point number.
    pub fn as_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// `amount` divided by the ratio, rounded down; the largest `u64` where that is larger.
    pub(crate) fn divide(self, amount: u64) -> u64 {
        if self == Self::ONE {
            return amount;
        }
        if let Some(scaled) = amount.checked_mul(self.denominator) {
            return scaled / self.numerator;
        }
        let scaled = u128::from(amount) * u128::from(self.denominator) / u128::from(self.numerator);
        u64::try_from(scaled).unwrap_or(u64::MAX)
    }
}

/// More digits after the point than this mean nothing to a schedule in nanoseconds.
const MOST_FRACTION_DIGITS: usize = 9;

impl FromStr for Ratio {
    type Err = RatioError;

    fn from_str(text: &str) -> Result<Self, RatioError> {
        let refused = || RatioError { found: text.into() };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + fraction.len() == 0
            || !digits(whole)
            || !digits(fraction)
            || fraction.len() > MOST_FRACTION_DIGITS
        {
            return Err(refused());
        }
        let numerator: u64 = format!("{whole}{fraction}").parse().map_err(|_| refused())?;
        if numerator == 0 {
            return Err(refused());
        }
        let denominator = 10_u64.pow(fraction.len() as u32);
        let divisor = greatest_common_divisor(numerator, denominator);
        Ok(Self { numerator: numerator / divisor, denominator: denominator / divisor })
    }
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_text_is_kept_exactly() {
        for (text, amount, quotient) in [
            ("1", 7, 7),
            ("0.1", 7, 70),
            ("0.5", u64::MAX, u64::MAX),
            ("100000", 604_800_000_000_000, 6_048_000_000),
            ("3", 10, 3),
            (".5", 2, 4),
        ] {
            assert_eq!(text.parse::<Ratio>().unwrap().divide(amount), quotient, "{amount} / {text}");
        }
    }

    #[test]
    fn anything_but_a_positive_decimal_is_refused() {
        for text in
            ["0", "0.0", "", ".", "-1", "+1", "1e3", "NaN", "inf", "1.2.3", " 1", "99999999999999999999"]
        {
            assert!(text.parse::<Ratio>().is_err(), "{text}");
        }
    }
}
