//! Text that clients cut at byte positions: outside ASCII they panic.

/// Puts `?` in the place of every character outside ASCII and returns the unchanged text, or `None`
/// where there was no such character.
pub(super) fn enforce(text: &mut String) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let ascii = text
        .chars()
        .map(|letter| if letter.is_ascii() { letter } else { '?' })
        .collect();
    Some(std::mem::replace(text, ascii))
}
