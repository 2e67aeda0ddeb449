//! An address out of a picture of its QR code.
//!
//! A picture may come from a stranger. It is decoded by libraries in Rust alone, within limits of bytes, pixels, memory and time, and
//! nothing in it counts but one text that is an address.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use cwtch_primitives::Address;
use image::imageops::thumbnail;
use image::{DynamicImage, GrayImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, Luma};
use rqrr::PreparedImage;

use crate::command_error::CommandError;
use crate::output::sanitize::line;
use crate::words::say;

/// The most bytes of a file.
const BYTES_MAX: u64 = 16 * 1024 * 1024;
/// The most pixels of a side, and of a picture: what common telephones take.
const SIDE_MAX: u32 = 8192;
const PIXELS_MAX: u64 = 20_000_000;
/// The most bytes that a decoder may take: eight for each pixel.
const MEMORY_MAX: u64 = 8 * PIXELS_MAX;
/// The longer side of the picture in which a code is looked for at first.
const FIRST_SIDE: u32 = 1200;
/// The time that reading may take. A picture full of corners of codes takes long.
const PATIENCE: Duration = Duration::from_secs(20);

/// Reason why there is no address to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Bytes,
    Pixels,
    Format,
    Damaged,
    Time,
    NoCode,
    Several,
    NoAddress,
}

/// The key of the sentence about a picture with this fault.
fn key(fault: Fault) -> &'static str {
    match fault {
        Fault::Bytes => "cli-picture-bytes",
        Fault::Pixels => "cli-picture-pixels",
        Fault::Format => "cli-picture-format",
        Fault::Damaged => "cli-picture-damaged",
        Fault::Time => "cli-picture-time",
        Fault::NoCode => "cli-picture-no-code",
        Fault::Several => "cli-picture-several",
        Fault::NoAddress => "cli-picture-no-address",
    }
}

/// Reads the address that a picture shows.
///
/// # Errors
/// If the file cannot be read, is no picture within the limits, or does not show the code of one address.
pub(crate) fn address(path: &Path) -> Result<String, CommandError> {
    let place = line(&path.display().to_string());
    let place = || ("path", place.as_str().into());
    let unreadable = |e: std::io::Error| {
        CommandError::storage(say("cli-picture-unreadable", [place(), ("detail", e.to_string().into())]))
    };
    // Reading what is no file may never end.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(CommandError::usage(say("cli-picture-no-file", [place()])));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(BYTES_MAX + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    address_in(bytes).map_err(|fault| CommandError::usage(say(key(fault), [place()])))
}

fn address_in(bytes: Vec<u8>) -> Result<String, Fault> {
    let text = in_time(PATIENCE, move || text(bytes))?;
    Address::parse_pasted(&text).map(|address| address.to_string()).map_err(|_| Fault::NoAddress)
}

/// The result of a job, unless it takes too long or fails in a way that it should not. It ends with the program then.
fn in_time<T: Send + 'static>(
    patience: Duration,
    job: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let (done, result) = mpsc::sync_channel(1);
    let started = std::thread::Builder::new().name("cwtch-picture".into()).spawn(move || {
        let _ = done.send(job());
    });
    if started.is_err() {
        return Err(Fault::Time);
    }
    result.recv_timeout(patience).unwrap_or_else(|error| {
        Err(match error {
            mpsc::RecvTimeoutError::Timeout => Fault::Time,
            mpsc::RecvTimeoutError::Disconnected => Fault::Damaged,
        })
    })
}

/// The text of the one code that a picture shows.
fn text(bytes: Vec<u8>) -> Result<String, Fault> {
    let picture = grey(&decode(bytes)?);
    let (width, height) = picture.dimensions();
    let side = width.max(height);
    if side > FIRST_SIDE {
        // What a camera's noise hides, a smaller picture often shows, and it is read in no time.
        let shrunk = |length: u32| (u64::from(length) * u64::from(FIRST_SIDE) / u64::from(side)).max(1);
        let shrunk = |length: u32| u32::try_from(shrunk(length)).unwrap_or(FIRST_SIDE);
        match code(&thumbnail(&picture, shrunk(width), shrunk(height))) {
            Err(Fault::NoCode) => {}
            found => return found,
        }
    }
    code(&picture)
}

fn decode(bytes: Vec<u8>) -> Result<DynamicImage, Fault> {
    if bytes.len() as u64 > BYTES_MAX {
        return Err(Fault::Bytes);
    }
    let mut reader =
        ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| Fault::Damaged)?;
    if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Jpeg)) {
        return Err(Fault::Format);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(MEMORY_MAX);
    reader.limits(limits);
    let fault = |error| if matches!(error, ImageError::Limits(_)) { Fault::Pixels } else { Fault::Damaged };
    let decoder = reader.into_decoder().map_err(fault)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(Fault::Pixels);
    }
    DynamicImage::from_decoder(decoder).map_err(fault)
}

/// The picture in grey, on a white ground where it is transparent.
fn grey(picture: &DynamicImage) -> GrayImage {
    if !picture.color().has_alpha() {
        return picture.to_luma8();
    }
    let picture = picture.to_luma_alpha8();
    GrayImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [light, cover] = picture.get_pixel_checked(x, y).map_or([u8::MAX; 2], |pixel| pixel.0);
        let (light, cover, white) = (u16::from(light), u16::from(cover), u16::from(u8::MAX));
        let blended = (light * cover + white * (white - cover)) / white;
        Luma([u8::try_from(blended).unwrap_or(u8::MAX)])
    })
}

fn code(picture: &GrayImage) -> Result<String, Fault> {
    let light = |x: usize, y: usize| {
        let pixel = u32::try_from(x).ok().zip(u32::try_from(y).ok());
        pixel.and_then(|(x, y)| picture.get_pixel_checked(x, y)).map_or(u8::MAX, |pixel| pixel.0[0])
    };
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut prepared = PreparedImage::prepare_from_greyscale(width, height, light);
    let found: BTreeSet<String> =
        prepared.detect_grids().iter().filter_map(|grid| grid.decode().ok()).map(|(_, text)| text).collect();
    let mut found = found.into_iter();
    match (found.next(), found.next()) {
        (Some(text), None) => Ok(text),
        (Some(_), Some(_)) => Err(Fault::Several),
        (None, _) => Err(Fault::NoCode),
    }
}

#[cfg(test)]
mod tests {
    use cwtch_tui::qr::Code;
    use image::{LumaA, RgbImage};
    use proptest::prelude::*;

    use super::*;

    const ADDRESS: &str = "omkdt6dfdt6fzjbg6fiqqcwnhpk63jrbcdxxu76rgyqgxtenms3fdbqd";
    const OTHER: &str = "a3rjgvhewa7p5loaunrih7gnkuealzjcxtz7d6pa2avhzphy4pjbj6ad";

    /// A picture of a code, each module so many pixels wide.
    fn drawn(text: &str, scale: u32) -> GrayImage {
        let code = Code::of(text).unwrap();
        let side = u32::try_from(code.side()).unwrap() * scale;
        GrayImage::from_fn(side, side, |x, y| {
            let dark = code.is_dark((x / scale) as usize, (y / scale) as usize);
            Luma([if dark { 0 } else { 255 }])
        })
    }

    fn file(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.into().write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn png(picture: impl Into<DynamicImage>) -> Vec<u8> {
        file(picture, ImageFormat::Png)
    }

    #[test]
    fn an_address_that_was_drawn_is_read_back() {
        for scale in [2, 5, 60] {
            let picture = drawn(ADDRESS, scale);
            assert_eq!(address_in(png(picture.clone())).as_deref(), Ok(ADDRESS), "{scale}");
            assert_eq!(address_in(file(picture, ImageFormat::Jpeg)).as_deref(), Ok(ADDRESS), "{scale}");
        }
        // As other programs may write it.
        for text in [format!("cwtch:{ADDRESS}"), format!("{}.ONION", ADDRESS.to_uppercase())] {
            assert_eq!(address_in(png(drawn(&text, 4))).as_deref(), Ok(ADDRESS), "{text}");
        }
        // Ink on nothing.
        let picture = drawn(ADDRESS, 4);
        let transparent = image::GrayAlphaImage::from_fn(picture.width(), picture.height(), |x, y| {
            LumaA([0, 255 - picture.get_pixel(x, y).0[0]])
        });
        assert_eq!(address_in(png(transparent)).as_deref(), Ok(ADDRESS));
        // Small in a large picture, of which only the whole has enough pixels.
        let mut large = GrayImage::from_pixel(4000, 3000, Luma([200]));
        image::imageops::replace(&mut large, &drawn(ADDRESS, 3), 3000, 500);
        assert_eq!(address_in(png(large)).as_deref(), Ok(ADDRESS));
    }

    #[test]
    fn a_picture_without_the_code_of_one_address_is_refused_for_its_reason() {
        let (one, other) = (drawn(ADDRESS, 4), drawn(OTHER, 4));
        let mut two = GrayImage::from_pixel(2 * one.width(), one.height(), Luma([255]));
        image::imageops::replace(&mut two, &one, 0, 0);
        image::imageops::replace(&mut two, &other, i64::from(one.width()), 0);
        let white = GrayImage::from_pixel(300, 300, Luma([255]));
        for (picture, fault) in [
            (two, Fault::Several),
            (white, Fault::NoCode),
            (GrayImage::from_pixel(1, 1, Luma([0])), Fault::NoCode),
            (drawn("https://example.org/an-address", 4), Fault::NoAddress),
            (drawn(&ADDRESS.replace("omk", "okm"), 4), Fault::NoAddress),
            (drawn(&format!("{ADDRESS} {OTHER}"), 4), Fault::NoAddress),
        ] {
            assert_eq!(address_in(png(picture)), Err(fault));
        }
    }

    /// A PNG whose head says that it is so large.
    fn claiming(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = png(drawn(ADDRESS, 2));
        bytes[16..20].copy_from_slice(&width.to_be_bytes());
        bytes[20..24].copy_from_slice(&height.to_be_bytes());
        // The checksum of the first chunk, by its definition (RFC 2083, section 15).
        let mut crc = u32::MAX;
        for byte in &bytes[12..29] {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 };
            }
        }
        bytes[29..33].copy_from_slice(&(!crc).to_be_bytes());
        bytes
    }

    #[test]
    fn hostile_files_are_refused_before_memory_is_spent_on_them() {
        for (width, height) in
            [(60_000, 60_000), (SIDE_MAX + 1, 1), (1, SIDE_MAX + 1), (u32::MAX, 1), (8000, 8000)]
        {
            assert_eq!(address_in(claiming(width, height)), Err(Fault::Pixels), "{width} x {height}");
        }
        assert_eq!(address_in(claiming(0, 7)), Err(Fault::Damaged));
        // More than there is.
        assert_eq!(address_in(claiming(4000, 4000)), Err(Fault::Damaged));
        let (whole, jpeg) = (png(drawn(ADDRESS, 4)), file(drawn(ADDRESS, 4), ImageFormat::Jpeg));
        for length in [9, 40, whole.len() / 2, whole.len() - 20] {
            assert_eq!(address_in(whole[..length].to_vec()), Err(Fault::Damaged), "{length}");
        }
        for length in [4, 100, jpeg.len() / 3] {
            let refused = address_in(jpeg[..length].to_vec());
            assert!(matches!(refused, Err(Fault::Damaged | Fault::NoCode)), "{length}: {refused:?}");
        }
        for other in [
            &b""[..],
            b"GIF89a",
            b"%PDF-1.4",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"RIFF\0\0\0\0WEBPVP8 ",
        ] {
            assert_eq!(address_in(other.to_vec()), Err(Fault::Format));
        }
        assert_eq!(address_in(vec![0; BYTES_MAX as usize + 1]), Err(Fault::Bytes));
    }

    #[test]
    fn what_takes_too_long_or_breaks_is_given_up() {
        let (_held, never) = mpsc::channel::<()>();
        let late = in_time(Duration::from_millis(20), move || never.recv().map_err(|_| Fault::NoCode));
        assert_eq!(late, Err(Fault::Time));
        let broken = in_time(PATIENCE, || -> Result<(), Fault> { panic!("a fault of a decoder") });
        assert_eq!(broken, Err(Fault::Damaged));
    }

    #[test]
    fn what_is_no_file_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        assert!(address(dir.path()).unwrap_err().message.contains("is no file"));
        let missing = address(&dir.path().join("none")).unwrap_err();
        assert_eq!(missing.kind, "storage");
        let path = dir.path().join("large.png");
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        let large = address(&path).unwrap_err();
        assert!(large.message.contains("larger than 16 MiB") && large.kind == "usage", "{large}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        #[test]
        fn a_changed_file_gives_this_address_or_a_reason(at in any::<prop::sample::Index>(), byte: u8, jpeg: bool) {
            let format = if jpeg { ImageFormat::Jpeg } else { ImageFormat::Png };
            let mut bytes = file(drawn(ADDRESS, 3), format);
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(read) = address_in(bytes) {
                prop_assert_eq!(read, ADDRESS);
            }
        }

        #[test]
        fn noise_is_no_code(seed: u64, side in 1_u32..400, coarse in 1_u32..9) {
            let noise = |x: u32, y: u32| {
                let mixed = seed.wrapping_add((u64::from(x / coarse) << 32) | u64::from(y / coarse));
                let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                (mixed >> 56) as u8
            };
            let picture = RgbImage::from_fn(side, side, |x, y| image::Rgb([noise(x, y), noise(y, x), noise(x, x)]));
            prop_assert!(address_in(png(picture)).is_err());
        }
    }
}
