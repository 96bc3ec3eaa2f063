//! The numbers in a structure of Thrift's compact protocol, as Parquet's footer and page headers are written. Nothing is kept and
//! nothing recurses, so that what the file says can be judged before anything is allocated for it.

use std::io;

use super::super::broken;

/// Structures in structures; Parquet itself needs six.
const MAX_DEPTH: usize = 16;

/// Shows `seen` every integer of the structure at the start of `bytes`, with the numbers of the fields that lead to it; a boolean is 1 or 0,
/// and lists are not levels of their own. Gives how many bytes the structure takes.
///
/// # Errors
/// `UnexpectedEof` where the structure goes on after `bytes`, `InvalidData` where it is none.
pub(super) fn numbers(
    bytes: &[u8],
    seen: &mut dyn FnMut(&[i16], i64) -> io::Result<()>,
) -> io::Result<usize> {
    let mut input = Input { rest: bytes };
    let mut open = vec![Open::Structure];
    let mut path: Vec<i16> = vec![0];
    while let Some(innermost) = open.last_mut() {
        let kind = match innermost {
            Open::Structure => match input.field(path.last_mut())? {
                Some(kind) => kind,
                None => {
                    open.pop();
                    path.pop();
                    continue;
                }
            },
            Open::List { left: 0, .. } => {
                open.pop();
                continue;
            }
            Open::List { kind, left } => {
                *left = left.saturating_sub(1);
                // In a list a boolean has a byte.
                if matches!(kind, 1 | 2) { 3 } else { *kind }
            }
        };
        match kind {
            1 | 2 => seen(&path, i64::from(kind == 1))?,
            3 => input.skip(1)?,
            4..=6 => seen(&path, input.zigzag()?)?,
            7 => input.skip(8)?,
            8 => {
                let length = input.unsigned()?;
                input.skip(length)?;
            }
            9 | 10 => open.push(input.list()?),
            12 => {
                open.push(Open::Structure);
                path.push(0);
            }
            _ => return Err(damaged()),
        }
        if open.len() > MAX_DEPTH {
            return Err(damaged());
        }
    }
    Ok(bytes.len().saturating_sub(input.rest.len()))
}

enum Open {
    Structure,
    List { kind: u8, left: u64 },
}

struct Input<'b> {
    rest: &'b [u8],
}

impl Input<'_> {
    /// The kind of the next field, whose number becomes `number`; none at the end of the structure.
    fn field(&mut self, number: Option<&mut i16>) -> io::Result<Option<u8>> {
        let first = self.byte()?;
        let (step, kind) = (first >> 4, first & 15);
        if kind == 0 {
            return Ok(None);
        }
        let number = number.ok_or_else(damaged)?;
        *number = if step == 0 {
            i16::try_from(self.zigzag()?).map_err(|_| damaged())?
        } else {
            number.checked_add(step.into()).ok_or_else(damaged)?
        };
        Ok(Some(kind))
    }

    fn list(&mut self) -> io::Result<Open> {
        let first = self.byte()?;
        let left = match first >> 4 {
            15 => self.unsigned()?,
            few => few.into(),
        };
        Ok(Open::List {
            kind: first & 15,
            left,
        })
    }

    fn byte(&mut self) -> io::Result<u8> {
        let (first, rest) = self.rest.split_first().ok_or(io::ErrorKind::UnexpectedEof)?;
        self.rest = rest;
        Ok(*first)
    }

    fn skip(&mut self, count: u64) -> io::Result<()> {
        let count = usize::try_from(count).map_err(|_| damaged())?;
        self.rest = self.rest.get(count..).ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(())
    }

    fn unsigned(&mut self) -> io::Result<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Ok(value);
            }
        }
        Err(damaged())
    }

    fn zigzag(&mut self) -> io::Result<i64> {
        let value = self.unsigned()?;
        let half = i64::try_from(value >> 1).map_err(|_| damaged())?;
        Ok(if value & 1 == 0 { half } else { !half })
    }
}

fn damaged() -> io::Error {
    broken("a header of the Parquet file is damaged")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(bytes: &[u8]) -> io::Result<Vec<(Vec<i16>, i64)>> {
        let mut all = Vec::new();
        numbers(bytes, &mut |path, value| {
            all.push((path.to_vec(), value));
            Ok(())
        })?;
        Ok(all)
    }

    #[test]
    fn numbers_are_told_by_their_fields() {
        // 1: -1, 2: [{3: 64}, {}], 4: true, 5: "ab", 20: 1
        let bytes = b"\x15\x01\x19\x2c\x35\x80\x01\x00\x00\x21\x18\x02ab\x05\x28\x02\x00";
        assert!(matches!(
            seen(bytes).as_deref(),
            Ok([(a, -1), (b, 64), (c, 1), (d, 1)]) if *a == [1] && *b == [2, 3] && *c == [4] && *d == [20]
        ));
    }

    #[test]
    fn what_is_cut_off_or_deep_is_an_error() {
        let kind = |bytes: &[u8]| seen(bytes).map_err(|error| error.kind());
        assert_eq!(kind(b"\x15"), Err(io::ErrorKind::UnexpectedEof));
        assert_eq!(kind(b"\x18\x7fa"), Err(io::ErrorKind::UnexpectedEof));
        assert_eq!(kind(&[0x1c; 1000]), Err(io::ErrorKind::InvalidData));
        assert_eq!(kind(b"\x1f"), Err(io::ErrorKind::InvalidData));
        assert_eq!(
            kind(b"\x15\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
            Err(io::ErrorKind::InvalidData)
        );
    }
}
