//! kcat, from Debian.

use super::{Lack, missing};
use crate::suites::place::{Place, find_program};

pub(super) fn find(place: &Place) -> Result<Vec<String>, Lack> {
    if find_program("kcat").is_none() {
        place.install(&["kcat"]);
    }
    let path = find_program("kcat").ok_or_else(|| missing("kcat missing: apt-get install kcat"))?;
    Ok(vec![path.display().to_string()])
}
