package main

import "unsafe"

// hideSecrets overwrites passwords in the memory of the process's own arguments, so that ps stops showing them, as the
// mysql client does. osArgs must be os.Args, which on Linux is that memory, and already copied by normalizeArgs. Between
// the start of the process and this call a password can be seen; with -p and a prompt, --password-file or an option file
// there is no such moment.
func hideSecrets(osArgs []string) {
	for _, s := range secretParts(osArgs) {
		b := unsafe.Slice(unsafe.StringData(s), len(s))
		for i := range b {
			b[i] = 'x'
		}
	}
}
