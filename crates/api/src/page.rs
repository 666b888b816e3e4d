//! Pages of lists (layer 0). On the wire a page is a bare array; the way to the next one is in the `Link` header.

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Give this as `cursor` (or `after`, for events) for the next page; `None` at the end.
    pub next: Option<String>,
}

/// Something that was made, or that was there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Created<T> {
    /// It.
    pub value: T,
    /// Whether this call made it.
    pub created: bool,
}

/// Takes the value of `parameter` out of the `rel="next"` address of a `Link` header.
pub fn next_of_link(header: &str, parameter: &str) -> Option<String> {
    let target = header.split(',').find(|part| part.contains("rel=\"next\""))?;
    let (_, rest) = target.split_once('<')?;
    let (address, _) = rest.split_once('>')?;
    let base = reqwest::Url::parse("http://server").ok()?;
    let url = base.join(address).ok()?;
    url.query_pairs().find(|(name, _)| name == parameter).map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_read_from_the_link() {
        let next = |header| next_of_link(header, "cursor");
        assert_eq!(next("</api/sessions?limit=2&cursor=a%2Bb>; rel=\"next\""), Some("a+b".to_owned()));
        assert_eq!(
            next("<http://h/x?cursor=1>; rel=\"prev\", <http://h/x?cursor=2>; rel=\"next\""),
            Some("2".to_owned())
        );
        assert_eq!(next("</api/sessions>; rel=\"next\""), None);
        assert_eq!(next("nonsense"), None);
    }
}
