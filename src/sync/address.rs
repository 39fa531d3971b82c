//! Addresses of servers, put together.

/// Appends a parameter to an address or a path, whatever it holds already.
pub(crate) fn push_query(url: &mut String, name: &str, value: &str) {
    let separator = if url.bytes().any(|byte| byte == b'?') {
        '&'
    } else {
        '?'
    };
    url.push(separator);
    push_encoded(url, name);
    url.push('=');
    push_encoded(url, value);
}

pub(crate) fn push_encoded(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
            continue;
        }
        out.push('%');
        for half in [byte >> 4, byte & 15] {
            let digit = char::from_digit(u32::from(half), 16).unwrap_or('0');
            out.push(digit.to_ascii_uppercase());
        }
    }
}

/// The address of a socket on a server that is given by the address of its pages.
pub(crate) fn socket_url(url: &str) -> String {
    match url.strip_prefix("http") {
        Some(rest) => ["ws", rest].concat(),
        None => url.to_owned(),
    }
}
