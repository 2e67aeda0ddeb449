//! Buying and spending tokens (§1.6 steps 3 to 5).

use cwtch_primitives::token::{BatchProof, Element, MAC_LEN, MAX_BATCH, SpentToken, TOKEN_LEN};

use crate::error::WireError;
use crate::go_json::{Fields, ObjectWriter, Value, parse};
use crate::packet::PLAIN_MAX;

/// The blinded tokens that a client asks to have signed: `[{"P":b64},…]`.
pub fn encode_request(blinded: &[Element]) -> Vec<u8> {
    list_json("P", blinded).into_bytes()
}

/// Reads a request.
///
/// # Errors
/// [`WireError`] for no elements or more than [`MAX_BATCH`], or for an invalid one.
pub fn decode_request(json: &[u8]) -> Result<Vec<Element>, WireError> {
    WireError::check_len("token request", json.len(), PLAIN_MAX)?;
    match parse(json)? {
        Value::Array(items) => read_list("P", &items),
        _ => Err(WireError::Type { field: "token request", expected: "a list" }),
    }
}

/// The signed tokens and the proof over all of them, not yet checked against each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedBatch {
    /// The signed elements, in the order of the request.
    pub signed: Vec<Element>,
    /// The proof that one key signed them all.
    pub proof: BatchProof,
}

impl SignedBatch {
    /// The answer's JSON. The deployed names are not certain, so it is written under both.
    pub fn to_json(&self) -> Vec<u8> {
        let list = list_json("Q", &self.signed);
        let proof = ObjectWriter::new(104).bytes("C", &self.proof.c()).bytes("S", &self.proof.s()).finish();
        ObjectWriter::new(2 * (list.len() + proof.len()) + 48)
            .raw("st", &list)
            .raw("dp", &proof)
            .raw("SignedTokens", &list)
            .raw("Proof", &proof)
            .finish_bytes()
    }

    /// Reads an answer under either pair of names; `st` and `dp` go first.
    ///
    /// # Errors
    /// [`WireError`] for none or more than [`MAX_BATCH`] elements, a missing proof, or wrong values.
    pub fn from_json(json: &[u8]) -> Result<Self, WireError> {
        Fields::parse("token answer", json, PLAIN_MAX, |fields| {
            let list = match fields.list("st")? {
                Some(list) => list,
                None => fields.list("SignedTokens")?.ok_or(WireError::Missing { field: "st" })?,
            };
            let proof = match fields.object("dp")? {
                Some(proof) => proof,
                None => fields.object("Proof")?.ok_or(WireError::Missing { field: "dp" })?,
            };
            let (c, s) = (proof.array::<32>("C")?, proof.array::<32>("S")?);
            Ok(Self {
                signed: read_list("Q", list)?,
                proof: BatchProof::from_bytes(&c, &s).map_err(|_| WireError::Element { field: "dp" })?,
            })
        })
    }
}

/// `{"T":b64,"MAC":b64}`.
pub fn spent_to_json(token: &SpentToken) -> String {
    ObjectWriter::new(152).bytes("T", &token.t).bytes("MAC", &token.mac).finish()
}

/// Reads a spent token. `None` where a part is missing or of a wrong length: that is an invalid token,
/// not malformed JSON, and is answered as one.
///
/// # Errors
/// [`WireError::Type`] where a part is no byte string.
pub fn spent_from_fields(fields: &Fields<'_, '_>) -> Result<Option<SpentToken>, WireError> {
    let t = fields.bytes("T")?.and_then(|t| <[u8; TOKEN_LEN]>::try_from(t).ok());
    let mac = fields.bytes("MAC")?.and_then(|mac| <[u8; MAC_LEN]>::try_from(mac).ok());
    Ok(t.zip(mac).map(|(t, mac)| SpentToken { t, mac }))
}

fn list_json(name: &'static str, elements: &[Element]) -> String {
    let items: Vec<String> =
        elements.iter().map(|e| ObjectWriter::new(54).bytes(name, e.as_bytes()).finish()).collect();
    format!("[{}]", items.join(","))
}

fn read_list(name: &'static str, items: &[Value<'_>]) -> Result<Vec<Element>, WireError> {
    if items.is_empty() || items.len() > MAX_BATCH {
        return Err(WireError::Count { what: "a token batch", min: 1, max: MAX_BATCH, actual: items.len() });
    }
    items
        .iter()
        .map(|item| {
            let bytes = Fields::of(name, item)?.array::<TOKEN_LEN>(name)?;
            Element::from_bytes(&bytes).map_err(|_| WireError::Element { field: name })
        })
        .collect()
}
