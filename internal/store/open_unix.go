//go:build unix

package store

import "syscall"

// openFlags keep Open from following a link, and from waiting for the other end of a pipe, that took a file's place
// between the look at it and its opening.
const openFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK
