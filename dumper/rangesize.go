package dumper

const (
	// leastRangeBytes is worth a statement on the source, and a transaction on the target, of its own.
	leastRangeBytes = 4 << 20
	// rangesPerReader keeps all readers at work until nearly the end, whatever the last range is.
	rangesPerReader = 8
)

// rangeBytes is the size of the ranges that tables are cut into: a chunk, or less where there are too few rows to give each
// reader, and later each connection of a load, its share of whole chunks.
func rangeBytes(tables []*tableState, readers int, chunkBytes int64) int64 {
	var total int64
	for _, t := range tables {
		total += t.Bytes
	}
	return min(chunkBytes, max(leastRangeBytes, total/int64(readers*rangesPerReader)))
}
