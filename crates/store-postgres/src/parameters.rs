//! What statements are given, and what they answer.

use std::error::Error;

use bytes::{BufMut as _, BytesMut};
use kadence_store::{Datum, Parameter};
use tokio_postgres::types::{FromSql, IsNull, Kind, ToSql, Type, to_sql_checked};

type Failure = Box<dyn Error + Sync + Send>;

/// A parameter as the column takes it that it is compared with or put into.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given<'p>(pub(crate) Parameter<'p>);

impl ToSql for Given<'_> {
    fn to_sql(&self, wanted: &Type, buffer: &mut BytesMut) -> Result<IsNull, Failure> {
        match self.0 {
            Parameter::Null => return Ok(IsNull::Yes),
            Parameter::Int(value) => match *wanted {
                Type::INT8 => buffer.put_i64(value),
                Type::INT4 => buffer.put_i32(i32::try_from(value)?),
                Type::INT2 => buffer.put_i16(i16::try_from(value)?),
                Type::OID => buffer.put_u32(u32::try_from(value)?),
                _ if is_text(wanted) => buffer.extend_from_slice(value.to_string().as_bytes()),
                _ => return Err(unknown(wanted)),
            },
            Parameter::Text(text) if is_text(wanted) => buffer.extend_from_slice(text.as_bytes()),
            Parameter::Text(_) => return Err(unknown(wanted)),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A value of an answer.
#[derive(Debug)]
pub(crate) struct Answered(pub(crate) Datum);

impl<'a> FromSql<'a> for Answered {
    fn from_sql(told: &Type, bytes: &'a [u8]) -> Result<Self, Failure> {
        Ok(Self(match *told {
            Type::INT8 => Datum::Int(i64::from_be_bytes(bytes.try_into()?)),
            Type::INT4 => Datum::Int(i32::from_be_bytes(bytes.try_into()?).into()),
            Type::INT2 => Datum::Int(i16::from_be_bytes(bytes.try_into()?).into()),
            Type::OID => Datum::Int(u32::from_be_bytes(bytes.try_into()?).into()),
            Type::BOOL => Datum::Int((bytes != [0]).into()),
            _ if is_text(told) => Datum::Text(str::from_utf8(bytes)?.to_owned()),
            _ => return Err(unknown(told)),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Failure> {
        Ok(Self(Datum::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

fn is_text(told: &Type) -> bool {
    matches!(*told, Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN | Type::JSON)
        || told.name() == "citext"
        || matches!(told.kind(), Kind::Enum(_))
}

fn unknown(told: &Type) -> Failure {
    format!("values of type {told} are not read or written here; cast them to text").into()
}
