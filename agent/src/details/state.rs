//! States in words.

/// What `ps` has a letter for. Processes, children and threads have the same words.
#[must_use]
pub fn words(letter: char) -> &'static str {
    match letter {
        'R' => "Running",
        'S' => "Sleeping",
        'D' => "Disk Sleep",
        'T' => "Stopped",
        't' => "Tracing Stop",
        'I' => "Idle",
        'P' => "Parked",
        'Z' => "Zombie",
        'X' | 'x' => "Dead",
        _ => "Unknown",
    }
}

/// Whether nothing of it runs any more.
#[must_use]
pub fn is_over(letter: char) -> bool {
    matches!(letter, 'Z' | 'X' | 'x')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_of_the_kernel_has_words() {
        // task_state_array of fs/proc/array.c
        for letter in "RSDTtXZPI".chars() {
            assert_ne!(words(letter), "Unknown", "{letter}");
            assert_eq!(is_over(letter), "XZ".contains(letter), "{letter}");
        }
        assert_eq!(words('?'), "Unknown");
    }
}
