//! Taking fields off the front of a record.

use super::RowError;

/// The fields of a record that have not been read yet.
pub(super) struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) const fn new(fields: &'a [u8]) -> Self {
        Self(fields)
    }

    /// Refuses bytes that no field claimed.
    pub(super) const fn finish(self) -> Result<(), RowError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(RowError::Leftover)
        }
    }

    pub(super) fn u8(&mut self) -> Result<u8, RowError> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, RowError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, RowError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, RowError> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn boolean(&mut self) -> Result<bool, RowError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(RowError::Impossible("truth value")),
        }
    }

    pub(super) fn string(&mut self) -> Result<&'a str, RowError> {
        let length = self.length()?;
        let bytes = self.0.get(..length).ok_or(RowError::CutShort)?;
        self.0 = self.0.get(length..).ok_or(RowError::CutShort)?;
        std::str::from_utf8(bytes).map_err(|_| RowError::Impossible("string"))
    }

    pub(super) fn optional<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, RowError>,
    ) -> Result<Option<T>, RowError> {
        self.boolean()?.then(|| read(self)).transpose()
    }

    /// Reads a count and so many items, of which each takes at least one byte: a count beyond
    /// the bytes at hand is refused before anything is reserved for it.
    pub(super) fn list<T>(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Result<T, RowError>,
    ) -> Result<Vec<T>, RowError> {
        let count = self.length()?;
        if count > self.0.len() {
            return Err(RowError::CutShort);
        }
        (0..count).map(|_| each(self)).collect()
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], RowError> {
        let (array, rest) = self.0.split_first_chunk().ok_or(RowError::CutShort)?;
        self.0 = rest;
        Ok(*array)
    }

    fn length(&mut self) -> Result<usize, RowError> {
        usize::try_from(self.u32()?).map_err(|_| RowError::CutShort)
    }
}
