use proptest::prelude::*;

use super::*;

fn bytes(text: &str, precision: u32, scale: u32) -> Result<Vec<u8>, Misfit> {
    Scratch::default().bytes_of(text, Digits { precision, scale }).map(<[u8]>::to_vec)
}

fn text(bytes: &[u8], scale: u32) -> String {
    let mut text = String::new();
    Scratch::default().write_text(bytes, scale, &mut text);
    text
}

#[test]
fn numbers_keep_their_scale() {
    for (number, scale, expected) in [
        ("12.5", 2, "12.50"),
        ("-0.01", 2, "-0.01"),
        ("0", 3, "0.000"),
        ("-128", 0, "-128"),
        ("128", 0, "128"),
        ("1e3", 0, "1000"),
        ("125e-2", 2, "1.25"),
        ("1.500", 1, "1.5"),
        ("0e999999999999999999999", 1, "0.0"),
        (
            "-123456789012345678901234567890123456789012345",
            3,
            "-123456789012345678901234567890123456789012345.000",
        ),
    ] {
        assert_eq!(text(&bytes(number, 60, scale).unwrap(), scale), expected, "{number}");
    }
    assert_eq!(bytes("-1", 3, 0).unwrap(), [0xFF]);
    assert_eq!(bytes("128", 3, 0).unwrap(), [0, 0x80]);
    assert_eq!(text(&[], 0), "0", "no bytes are read as nothing");
    assert_eq!(text(&[0x80; 17], 0), format!("-{}", num(17)));
}

/// What the two's complement of so many bytes of 0x80 comes to.
fn num(len: u32) -> String {
    // 0x8080… negated is 0x7F7F…80.
    let mut digits = vec![0_u8];
    for at in 0..len {
        let mut carry = if at + 1 == len { 0x80_u32 } else { 0x7F };
        for digit in &mut digits {
            let product = u32::from(*digit) * 256 + carry;
            *digit = (product % 10) as u8;
            carry = product / 10;
        }
        while carry > 0 {
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
    }
    digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect()
}

#[test]
fn numbers_that_do_not_fit_are_told() {
    assert_eq!(bytes("0.001", 9, 2), Err(Misfit::Scale));
    assert_eq!(bytes("1e-400000000000", 9, 2), Err(Misfit::Scale));
    assert_eq!(bytes("1000", 3, 0), Err(Misfit::Precision));
    assert_eq!(bytes("1e99999999999999999999", 3, 0), Err(Misfit::Precision));
    for none in ["", "-", "x", "1.", ".5", "1e", "1e+", "+1", "1 ", "0x1", "--1", "1.2.3"] {
        assert_eq!(bytes(none, 9, 2), Err(Misfit::Text), "{none}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(digits in "-?[1-9][0-9]{0,90}", scale in 0_u32..50) {
        let mut meant = digits.clone();
        if scale > 0 {
            let at = usize::from(meant.starts_with('-'));
            while meant.len() - at <= scale as usize {
                meant.insert(at, '0');
            }
            meant.insert(meant.len() - scale as usize, '.');
        }
        prop_assert_eq!(text(&bytes(&meant, 100, scale).unwrap(), scale), meant);
    }

    #[test]
    fn small_numbers_are_as_those_of_the_machine(number: i128) {
        let own = bytes(&number.to_string(), 40, 0).unwrap();
        let sign = if number < 0 { 0xFF } else { 0 };
        let mut wide = vec![sign; 16_usize.saturating_sub(own.len())];
        wide.extend_from_slice(&own);
        prop_assert_eq!(wide, number.to_be_bytes());
        prop_assert_eq!(text(&number.to_be_bytes(), 0), number.to_string());
    }
}
