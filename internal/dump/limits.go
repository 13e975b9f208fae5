package dump

// Sizes of what is in memory while a chunk is written: about 1 MiB beside the compressor's window.
const (
	// flushBytes is how much encoded text goes to the compressor at a time.
	flushBytes = 128 << 10
	// largeRow is the size from which a row is encoded and hashed in slices in place of at once.
	largeRow = 256 << 10
	// sliceBytes is such a slice of a cell.
	sliceBytes = 64 << 10
	// blockBytes is how much compressed data goes to the file at a time.
	blockBytes = 256 << 10
	// directBytes is the size from which stored bytes go to the file as they are, without being collected.
	directBytes = 64 << 10
	// statementBytes is the size from which a multi-row INSERT ends; a single row may be larger.
	statementBytes = 1_000_000
)
