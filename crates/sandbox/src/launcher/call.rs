//! Raw system calls for the isolation proof (layer 1): it tries what no safe wrapper would do.
#![expect(
    unsafe_code,
    reason = "the proof makes system calls that have no safe wrapper, to see them refused"
)]

/// Makes a system call whose arguments are numbers and null pointers only; returns what it failed with, if it did.
pub(crate) fn attempt(number: libc::c_long, arguments: [u32; 5]) -> Option<std::io::Error> {
    let [a, b, c, d, e] = arguments.map(libc::c_ulong::from);
    // SAFETY: no argument is a pointer to memory of ours: an address below 4 GiB that a call would write to is not
    // mapped in a position-independent program, and the kernel answers with EFAULT.
    let result = unsafe { libc::syscall(number, a, b, c, d, e, 0) };
    (result < 0).then(std::io::Error::last_os_error)
}
