"""The file format: a checked header, typed values, tensor encodings and their weights as float32."""
