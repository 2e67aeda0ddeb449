//! Records in the padding of a group message, whatever they say (section 8 of `docs/verifiable-log.md`).

/// Beginning of a padding that holds records.
pub(super) const MAGIC: &[u8; 4] = b"CWX1";
/// Bytes of a record's type and length.
pub(super) const HEADER: usize = 3;
/// Type of the end, which has no length.
pub(super) const END: u8 = 0;

/// Cuts a padding into types and values; `None` if it holds no records, or does not parse.
pub(super) fn records(padding: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut rest = padding.strip_prefix(MAGIC)?;
    let mut found = Vec::new();
    loop {
        let (kind, behind) = rest.split_first()?;
        if *kind == END {
            return Some(found);
        }
        let (length, behind) = behind.split_first_chunk::<2>()?;
        let (value, behind) = behind.split_at_checked(u16::from_be_bytes(*length).into())?;
        found.push((*kind, value));
        rest = behind;
    }
}

/// Writes a record.
pub(super) fn record(out: &mut Vec<u8>, kind: u8, value: &[u8]) {
    out.push(kind);
    // Nothing here is longer than a part of a package.
    out.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend_from_slice(value);
}
