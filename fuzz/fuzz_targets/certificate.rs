//! A certificate is read or refused, and what is read is written so that it is read again, and holds no markup.
//!
//! `cargo +nightly fuzz run certificate -- -max_len=65536 -malloc_limit_mb=256`

#![no_main]

use kadence_certificate::Certificate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some(certificate) = str::from_utf8(data).ok().and_then(|text| Certificate::read(text).ok()) else {
        return;
    };
    let page = certificate.to_html();
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(Certificate::read(&page).unwrap().to_json(), certificate.to_json());
});
