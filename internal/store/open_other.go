//go:build !unix

package store

const openFlags = 0
