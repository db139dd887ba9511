//! Floats of 32 bits, as the doubles that people mean by them.
//!
//! A float of 0.1 is 0.10000000149011612 as a double. Who reads it wants 0.1, which is its shortest decimal text.

/// Up to here all decimals of six digits are told apart by floats, so that the first one found is the shortest.
const SIX_DIGITS: f64 = 1e6;
/// With more places than these the short way might round twice.
const POWERS: [f64; 9] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8];

/// The double that has the shortest decimal text of `float`.
#[inline]
pub(crate) fn widen(float: f32) -> f64 {
    let double = f64::from(float);
    if float == 0.0 || !float.is_finite() {
        return double;
    }
    for power in POWERS {
        let digits = (double * power).round();
        if digits.abs() >= SIX_DIGITS {
            break;
        }
        let decimal = digits / power;
        if digits != 0.0 && (decimal as f32).to_bits() == float.to_bits() {
            return decimal;
        }
    }
    by_text(float)
}

/// The float that has `double`: exactly, or as its shortest decimal text.
#[inline]
pub(crate) fn narrow(double: f64) -> Option<f32> {
    let float = double as f32;
    let is_it = f64::from(float).to_bits() == double.to_bits()
        || double.is_nan()
        || (float.is_finite() && widen(float).to_bits() == double.to_bits());
    is_it.then_some(float)
}

#[cold]
fn by_text(float: f32) -> f64 {
    let mut text = [0; 64];
    let mut rest = &mut text[..];
    // A float in scientific form takes some twenty bytes.
    let written = std::io::Write::write_fmt(&mut rest, format_args!("{float:e}"));
    let left = rest.len();
    let len = text.len() - left;
    let parsed =
        text.get(..len).and_then(|text| str::from_utf8(text).ok()).and_then(|text| text.parse().ok());
    match written {
        Ok(()) => parsed.unwrap_or(f64::from(float)),
        Err(_) => f64::from(float),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn floats_read_as_people_mean_them() {
        for (float, double) in
            [(0.1_f32, 0.1_f64), (-12.3, -12.3), (1e30, 1e30), (16_777_216.0, 16_777_216.0)]
        {
            assert_eq!(widen(float).to_bits(), double.to_bits());
            assert_eq!(narrow(double), Some(float));
        }
        assert!(widen(f32::NAN).is_nan() && narrow(f64::NAN).is_some_and(f32::is_nan));
        assert_eq!(widen(-0.0).to_bits(), (-0.0_f64).to_bits());
        assert_eq!(narrow(0.123_456_789_012), None);
        assert_eq!(narrow(1e300), None);
        assert_eq!(narrow(f64::from(0.1_f32)), Some(0.1), "what a float has exactly goes into it");
    }

    proptest! {
        #[test]
        fn the_short_way_finds_the_shortest_text(bits: u32, digits in -999_999_i32..1_000_000, places in 0_i32..9) {
            for float in [f32::from_bits(bits), (f64::from(digits) / 10_f64.powi(places)) as f32] {
                prop_assume!(!float.is_nan());
                prop_assert_eq!(widen(float).to_bits(), float.to_string().parse::<f64>().unwrap().to_bits());
                prop_assert_eq!(narrow(widen(float)).map(f32::to_bits), Some(float.to_bits()));
            }
        }
    }
}
