// Package bench will hold the side-by-side benchmark against other tools.
package bench
