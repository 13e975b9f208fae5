package aurora

import (
	"bytes"
	"encoding/json"
	"io"
)

// manifest lists files to load: the schema Aurora_LoadFromS3_Manifest, which allows these properties and no others.
type manifest struct {
	Entries []manifestEntry `json:"entries"`
}

type manifestEntry struct {
	URL       *string `json:"url"`
	Mandatory bool    `json:"mandatory,omitempty"`
}

// maxURL is the longest url in a manifest, in characters.
const maxURL = 1024

// parseManifest refuses what the schema refuses. Aurora's texts for that are not documented.
func parseManifest(b []byte) (*manifest, error) {
	var m manifest
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return nil, standIn("manifest: %v", err)
	}
	if _, err := d.Token(); err != io.EOF { //nolint:errorlint // Token returns it bare
		return nil, standIn("manifest: something follows its end")
	}
	if m.Entries == nil {
		return nil, standIn("manifest: entries is missing")
	}
	seen := map[string]bool{}
	for i, e := range m.Entries {
		if e.URL == nil || *e.URL == "" || len([]rune(*e.URL)) > maxURL {
			return nil, standIn("manifest: entry %d: url is missing, empty or longer than %d characters", i, maxURL)
		}
		raw, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		if seen[string(raw)] {
			return nil, standIn("manifest: entry %d: %s is there twice", i, *e.URL)
		}
		seen[string(raw)] = true
	}
	return &m, nil
}
